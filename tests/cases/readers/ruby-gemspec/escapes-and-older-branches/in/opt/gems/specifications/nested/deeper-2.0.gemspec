# stub: deeper 2.0 ruby lib

Gem::Specification.new do |s|
  s.name = "deeper".freeze
  s.version = "2.0"
end
