# -*- encoding: utf-8 -*-
# stub: accents 1.0.0 ruby lib

Gem::Specification.new do |s|
  s.name = "accents".freeze
  s.version = "1.0.0"
  s.authors = ["Jos\u00E9 Le\u00F3n".freeze, "\u{1F48E} Gem".freeze, "B\xC3\xA9la".freeze, "bad \uZZ".freeze]
  s.summary = "one \"quoted\" line\nand another".freeze
  s.licenses = ["MIT".freeze]

  if s.respond_to? :specification_version then
    s.specification_version = 4

    if Gem::Version.new(Gem::VERSION) >= Gem::Version.new('1.2.0') then
      s.add_runtime_dependency(%q<needed>.freeze, [">= 0"])
      s.add_development_dependency(%q<only-for-tests>.freeze, [">= 0"])
    else
      s.add_dependency(%q<needed>.freeze, [">= 0"])
      s.add_dependency(%q<only-for-tests>.freeze, [">= 0"])
    end
  else
    s.add_dependency(%q<needed>.freeze, [">= 0"])
    s.add_dependency(%q<only-for-tests>.freeze, [">= 0"])
  end
end
