# -*- encoding: utf-8 -*-
Gem::Specification.new do |spec|
  spec.name = "nokogiri".freeze
  spec.version = Nokogiri::VERSION
  spec.platform = "x86_64-linux".freeze
  spec.licenses = ["MIT".freeze, 'Apache-2.0']
  spec.summary = "#{name} parses"
  spec.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4"])
  spec.add_development_dependency(%q<rake>.freeze, [">= 0"])
end
