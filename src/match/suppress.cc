#include "match/suppress.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "files/glob.h"
#include "inventory/image_name.h"
#include "inventory/purl.h"
#include "inventory/spelling.h"

namespace boltseal {
namespace {

bool names(std::string_view id, const Finding& finding) {
  const auto same = [&](std::string_view other) {
    return other.size() == id.size() && std::ranges::equal(other, id, {}, to_lower, to_lower);
  };
  return same(finding.id) || same(finding.record) || std::ranges::any_of(finding.aliases, same);
}

bool expired(const IgnoreRule& rule, std::string_view today) {
  return !rule.expires.empty() && !today.empty() && rule.expires < today.substr(0, 10);
}

bool covers(const IgnoreRule& rule, const Finding& finding, const Package& package,
            std::string_view package_purl) {
  if (!names(rule.id, finding)) return false;
  const auto fits_purl = [&](const std::string& pattern) {
    return purl_covers(pattern, package_purl) || wildcard_matches(pattern, package_purl) ||
           wildcard_matches(pattern, package_purl.substr(0, package_purl.find('?')));
  };
  if (!rule.packages.empty() && std::ranges::none_of(rule.packages, fits_purl)) return false;
  if (rule.paths.empty()) return true;
  // A package that lies in two places is one of ours: a rule on one of them judges not the other.
  return !package.evidence.empty() && std::ranges::all_of(package.evidence, [&](const Evidence& e) {
    return std::ranges::any_of(rule.paths, [&](std::string_view glob) {
      while (glob.starts_with('/')) glob.remove_prefix(1);
      return glob_matches(glob, e.path);
    });
  });
}

ProofStep step_of(const IgnoreRule& rule, Texts& texts) {
  std::string text = fmt::format("{} ignores {}", rule.where, rule.id);
  if (!rule.expires.empty()) text += fmt::format(" until {}", rule.expires);
  if (!rule.reason.empty()) text += fmt::format(": {}", rule.reason);
  return {"ignore", texts.keep(text)};
}

ProofStep step_of(const VexStatement& statement, Texts& texts) {
  std::string text =
      fmt::format("{} says {} for {}", statement.where, statement.status, statement.id);
  if (!statement.justification.empty()) text += fmt::format(" ({})", statement.justification);
  if (!statement.text.empty()) text += fmt::format(": {}", statement.text);
  return {"vex", texts.keep(text)};
}

class Judge {
 public:
  Judge(const MatchOptions& options, Report& report)
      : options_(options),
        report_(report),
        rule_used_(options.ignore.size()),
        vex_used_(options.vex.size()) {}

  // Whether the user's judgement takes the finding away; adds the step that says why.
  bool takes(Finding& finding) {
    const Package& package = report_.inventory.packages.at(finding.package);
    std::string name;  // made only when somebody asks
    const auto package_purl = [&] {
      if (name.empty()) name = purl(package, report_.inventory.distribution);
      return std::string_view(name);
    };
    const VexStatement* statement = nullptr;
    for (std::size_t i = 0; i < options_.vex.size(); ++i) {
      const auto& vex = options_.vex[i];
      const bool about =
          names(vex.id, finding) ||
          std::ranges::any_of(vex.aliases, [&](const auto& id) { return names(id, finding); });
      if (!about || !speaks_of(vex, package_purl(), report_.inventory.image)) continue;
      vex_used_[i] = true;
      // The later one counts, of whichever file; of two of one time the one given last.
      if (!statement || vex.time >= statement->time) statement = &vex;
    }
    bool taken = false;
    if (statement) {
      finding.proof.push_back(step_of(*statement, report_.texts));
      taken = statement->status == "not_affected" || statement->status == "fixed";
      if (taken) {
        finding.vex_status = report_.texts.keep(statement->status);
        finding.vex_justification = report_.texts.keep(statement->justification);
      }
    }
    for (std::size_t i = 0; i < options_.ignore.size(); ++i) {
      const auto& rule = options_.ignore[i];
      if (!names(rule.id, finding) || !covers(rule, finding, package, package_purl())) continue;
      rule_used_[i] = true;
      if (taken || expired(rule, options_.today)) continue;
      finding.proof.push_back(step_of(rule, report_.texts));
      taken = true;
    }
    return taken || not_asked_for(finding, package);
  }

  // What the call itself leaves out; adds the step that says so.
  bool not_asked_for(Finding& finding, const Package& package) const {
    const auto leave = [&](std::string_view rule, std::string_view text) {
      finding.proof.push_back({rule, report_.texts.keep(text)});
      return true;
    };
    if (options_.only_fixed && finding.fixed_versions.empty())
      return leave("only-fixed", "there is no fix, and only findings with a fix were asked for");
    if (options_.severities &&
        !(options_.severities >> static_cast<unsigned>(finding.severity) & 1))
      return leave("severity",
                   fmt::format("severity {} was not asked for", name_of(finding.severity)));
    if (!options_.types.empty() &&
        std::ranges::find(options_.types, package.type) == options_.types.end())
      return leave("type",
                   fmt::format("packages of type {} were not asked for", name_of(package.type)));
    return false;
  }

  void notices(std::vector<std::string>& out) const {
    for (std::size_t i = 0; i < options_.ignore.size(); ++i) {
      const auto& rule = options_.ignore[i];
      if (expired(rule, options_.today))
        out.push_back(fmt::format("{}: the ignore rule for {} expired on {} and no longer counts",
                                  rule.where, rule.id, rule.expires));
      else if (!rule_used_[i])
        out.push_back(
            fmt::format("{}: the ignore rule for {} matched nothing", rule.where, rule.id));
    }
    for (std::size_t i = 0; i < options_.vex.size(); ++i)
      if (!vex_used_[i])
        out.push_back(fmt::format("{}: the statement on {} matched nothing in this image",
                                  options_.vex[i].where, options_.vex[i].id));
  }

 private:
  const MatchOptions& options_;
  Report& report_;
  std::vector<bool> rule_used_, vex_used_;
};

struct PurlParts {
  std::string_view base, version, subpath;
  std::vector<std::string_view> qualifiers;
};

PurlParts parts_of(std::string_view purl) {
  PurlParts out;
  if (const auto parts = cut(purl, "#")) {
    out.subpath = parts->second;
    purl = parts->first;
  }
  if (const auto query = cut(purl, "?")) {
    out.qualifiers = split(query->second, '&');
    purl = query->first;
  }
  out.base = purl;
  const auto at = purl.rfind('@');
  const auto slash = purl.rfind('/');
  if (at != std::string_view::npos && (slash == std::string_view::npos || at > slash)) {
    out.base = purl.substr(0, at);
    out.version = purl.substr(at + 1);
  }
  return out;
}

// Whose package it is, by the namespace of an OS package: "redhat" is RHEL's, "alma" AlmaLinux's.
std::string publisher_of(std::string_view base) {
  const auto from = base.find('/'), to = base.rfind('/');
  if (from == to) return {};
  const auto id = distribution_id(base.substr(from + 1, to - from - 1));
  return id.starts_with("opensuse") ? "opensuse" : id;
}

// Whether one release is the other or within it: 9 and 9.3.
bool begins(std::string_view whole, std::string_view part) {
  return whole.starts_with(part) &&
         (part.empty() || whole.size() == part.size() || whole[part.size()] == '.');
}

// The distribution that a statement names, and that of the package. Trivy and Syft write the point
// release of Debian and of CentOS where os-release has the major number; that this is the build
// which the statement means, its version has to say.
bool same_release(const Distribution& said, const Distribution& have, bool with_version) {
  if (said.id != have.id) return false;
  return begins(have.version_id, said.version_id) ||
         (with_version && !have.version_id.empty() && begins(said.version_id, have.version_id));
}

// "nodejs:18" of "nodejs:18:9030020231120:abc".
std::string_view stream_of(const Package& package) {
  const std::string_view module = package.module;
  const auto name = module.find(':');
  return module.substr(0, name == std::string_view::npos ? name : module.find(':', name + 1));
}

// "docker.io/library/debian" and "latest" for what the user wrote as "debian"; the registry of
// Docker has several names.
struct ImageName {
  std::string repository;
  std::string_view tag;  // empty beside a digest
};

ImageName name_of_image(std::string_view reference) {
  ImageName out;
  reference = name_in_registry(reference);
  const auto digest = reference.find('@');
  reference = reference.substr(0, digest);
  if (digest == std::string_view::npos && !reference.empty()) out.tag = "latest";
  const auto slash = reference.rfind('/');
  const auto colon = reference.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    out.tag = reference.substr(colon + 1);
    reference = reference.substr(0, colon);
  }
  const auto host = reference.substr(0, reference.find('/'));
  const bool has_host = slash != std::string_view::npos &&
                        (host.find_first_of(".:") != std::string_view::npos || host == "localhost");
  out.repository = lower(reference);
  if (!has_host)
    out.repository = "docker.io/" + (slash == std::string_view::npos ? "library/" : std::string()) +
                     out.repository;
  for (const std::string_view other : {"index.docker.io/", "registry-1.docker.io/"})
    if (out.repository.starts_with(other)) out.repository.replace(0, other.size(), "docker.io/");
  return out;
}

// The digest by which the user named the image, which may be that of an index.
std::string_view digest_asked_for(const ImageInfo& image) {
  if (image.kind == "directory" || image.kind == "sbom") return {};
  const std::string_view reference = image.reference;
  const auto at = reference.rfind('@');
  if (at == std::string_view::npos) return {};
  const auto digest = reference.substr(at + 1);
  const bool whole =
      digest.starts_with("sha256:") && digest.size() == 71 && unhex(digest.substr(7));
  return whole ? digest : std::string_view();
}

// Whether a purl of type oci or docker without a digest names the image: by the last part of the
// repository, and by what its qualifiers say of the whole repository and of the tag.
bool names_image(const PurlParts& said, std::string_view reference) {
  const auto is_place = name_of_place(reference);
  const ImageName image = name_of_image(is_place.value_or(reference));
  const auto name = said.base.substr(said.base.rfind('/') + 1);
  if (image.repository.substr(image.repository.rfind('/') + 1) != name) return false;
  return std::ranges::all_of(said.qualifiers, [&](std::string_view qualifier) {
    const auto pair = cut(qualifier, "=");
    if (!pair) return true;
    const auto value = percent_decode(pair->second).value_or(std::string(pair->second));
    if (pair->first == "tag") return is_place || image.tag.empty() || value == image.tag;
    if (pair->first != "repository_url") return true;
    if (is_place) return false;
    const auto repository = name_of_image(trim_end(value, '/')).repository;
    return repository == image.repository ||
           fmt::format("{}/{}", repository, name) == image.repository;
  });
}

}  // namespace

bool left_out_by_the_call(const Finding& finding) {
  if (finding.verdict != Verdict::suppressed || finding.proof.empty()) return false;
  const std::string_view rule = finding.proof.back().rule;
  return rule == "only-fixed" || rule == "severity" || rule == "type";
}

bool purl_covers(std::string_view pattern, std::string_view purl) {
  if (!pattern.starts_with("pkg:")) return false;
  if (pattern == purl) return true;
  Distribution said_of, have_of;
  auto said = parse_purl(pattern, &said_of);
  auto have = parse_purl(purl, &have_of);
  if (!said || !have || said->type != have->type) return false;
  // The canonical text has the names as their type writes them.
  const auto said_text = canonical_purl(pattern), have_text = canonical_purl(purl);
  if (!said_text || !have_text) return false;
  const auto wanted = parts_of(*said_text), given = parts_of(*have_text);
  settle_spelling(*said);
  settle_spelling(*have);
  if (!wanted.subpath.empty()) {
    // Syft cuts the path of a Go module behind its third part; elsewhere it is a part of a package.
    if (said->type != PackageType::golang) return false;
    said->name += fmt::format("/{}", percent_decode(wanted.subpath).value_or(""));
  }
  if (said->name != have->name) return false;
  if (is_os_package(said->type) && publisher_of(wanted.base) != publisher_of(given.base))
    return false;
  if (!said->version.empty() && said->version != have->version) return false;
  if (!said->arch.empty() && said->arch != have->arch) return false;
  return std::ranges::all_of(wanted.qualifiers, [&](std::string_view qualifier) {
    const auto pair = cut(qualifier, "=");
    if (!pair || std::ranges::find(given.qualifiers, qualifier) != given.qualifiers.end())
      return true;
    const auto key = pair->first, value = pair->second;
    if (key == "arch" || key == "platform" || key == "epoch") return true;  // compared above
    if (key == "distro") return same_release(said_of, have_of, !said->version.empty());
    if (key == "upstream")
      return said->source_name == have->source_name || have->source_name.empty();
    if (key == "modularitylabel" || key == "rpmmod") return stream_of(*said) == stream_of(*have);
    // What an artefact is when nothing is said: a statement on another one of the same version
    // ("type=pom", a classifier) is none on this.
    if (key == "type")
      return (said->type == PackageType::maven && value == "jar") ||
             (said->type == PackageType::golang && value == "module");
    return key == "package-id";  // Syft's own number of the entry
  });
}

bool speaks_of(const VexStatement& statement, std::string_view package_purl,
               const ImageInfo& image) {
  const auto is_package = [&](std::string_view id) { return purl_covers(id, package_purl); };
  const auto is_image = [&](std::string_view id) {
    const auto decoded = percent_decode(id).value_or(std::string(id));
    const auto holds = [&](std::string_view digest) {
      return !digest.empty() && decoded.contains(digest);
    };
    if (holds(image.manifest_digest) || holds(image.config_digest) ||
        holds(digest_asked_for(image)) || std::ranges::any_of(image.index_digests, holds))
      return true;
    if (!id.starts_with("pkg:oci/") && !id.starts_with("pkg:docker/"))
      return !id.empty() && id == image.reference;
    const auto parts = parts_of(id);
    return parts.version.empty() && names_image(parts, image.reference);
  };
  const bool part =
      statement.subcomponents.empty() || std::ranges::any_of(statement.subcomponents, is_package);
  if (statement.products.empty()) return part;
  return std::ranges::any_of(statement.products, [&](const std::string& id) {
    return (statement.subcomponents.empty() && is_package(id)) || (part && is_image(id));
  });
}

void suppress(const MatchOptions& options, Report& report) {
  if (options.ignore.empty() && options.vex.empty() && !options.only_fixed &&
      options.severities == 0 && options.types.empty())
    return;
  Judge judge(options, report);
  std::vector<Finding> kept;
  kept.reserve(report.findings.size());
  for (Finding& finding : report.findings) {
    if (!judge.takes(finding)) {
      kept.push_back(std::move(finding));
      continue;
    }
    finding.verdict = Verdict::suppressed;
    report.dropped.push_back(std::move(finding));
  }
  report.findings = std::move(kept);
  judge.notices(report.notices);
}

}  // namespace boltseal
