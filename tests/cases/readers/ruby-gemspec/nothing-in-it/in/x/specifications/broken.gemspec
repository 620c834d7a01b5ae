Gem::Specification.new do |s|
