#include "custody/intoto_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/fd.h"
#include "base/text.h"
#include "base/time.h"
#include "custody/intoto_rules.h"
#include "custody/phase_artifacts.h"
#include "custody/phase_command.h"
#include "files/fnmatch.h"

namespace boltseal {
namespace {

constexpr unsigned max_sublayout_depth = 8;
constexpr std::int64_t long_life = 2 * 366 * 86'400LL;

std::unexpected<Refusal> in_step(const InTotoStep& step, std::string code, std::string what,
                                 std::string wanted = {}, std::string found = {}) {
  return refuse(std::move(code), std::move(what), "step " + step.name, std::move(wanted),
                std::move(found));
}

// "{name}" by its value, "{{" and "}}" for braces, as Python's str.format has it.
Result<std::string> substituted(std::string_view text,
                                const std::map<std::string, std::string>& parameters) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      out += c;
      ++i;
    } else if (c == '{') {
      const auto end = text.find('}', i);
      const auto value = end == std::string_view::npos
                             ? parameters.end()
                             : parameters.find(std::string(text.substr(i + 1, end - i - 1)));
      if (value == parameters.end())
        return fail(Fault::corrupt, "a parameter without a value: " + printable(text));
      out += value->second;
      i = end;
    } else if (c == '}') {
      return fail(Fault::corrupt, "a brace that nothing opens: " + printable(text));
    } else {
      out += c;
    }
  }
  return out;
}

Result<> substitute(InTotoLayout& layout, const std::map<std::string, std::string>& parameters) {
  const auto all = [&](std::vector<std::string>& list) -> Result<> {
    for (std::string& text : list) {
      TRY(text, substituted(text, parameters));
    }
    return {};
  };
  const auto rules = [&](std::vector<InTotoRule>& list) -> Result<> {
    for (InTotoRule& rule : list) TRY_DO(all(rule));
    return {};
  };
  for (InTotoStep& step : layout.steps) {
    TRY_DO(rules(step.materials));
    TRY_DO(rules(step.products));
    TRY_DO(all(step.command));
  }
  for (InTotoInspection& inspection : layout.inspections) {
    TRY_DO(rules(inspection.materials));
    TRY_DO(rules(inspection.products));
    TRY_DO(all(inspection.run));
  }
  return {};
}

class LayoutVerifier {
 public:
  LayoutVerifier(const InTotoOptions& options, unsigned depth, std::vector<std::string>& warnings)
      : options_(options), depth_(depth), warnings_(warnings) {}

  Checked<InTotoLink> run(const InTotoMetadata& metadata) {
    const auto* read = std::get_if<InTotoLayout>(&metadata.payload);
    if (!read) return refuse("layout-missing", "a link stands where a layout should", "layout");
    if (auto wrong = check_owners(metadata)) return std::unexpected(*wrong);
    layout_ = *read;
    if (layout_.expires < options_.now)
      return refuse("layout-expired", "the layout is out of date; ask its owner for a new one",
                    "expires", "after " + rfc3339(options_.now), rfc3339(layout_.expires));
    if (options_.parameters) {
      if (const auto done = substitute(layout_, *options_.parameters); !done)
        return refuse(done.error(), "layout");
    }
    warn_of_weaknesses();
    for (const InTotoStep& step : layout_.steps)
      if (auto wrong = take_step(step)) return std::unexpected(*wrong);
    for (const InTotoStep& step : layout_.steps)
      if (auto wrong = check_rules("step " + step.name, step.materials, step.products, step.name))
        return std::unexpected(*wrong);
    // Only now: commands never run on files that the rules have not passed.
    if (auto wrong = inspect()) return std::unexpected(*wrong);
    InTotoLink summary;
    if (!layout_.steps.empty()) {
      summary = links_[layout_.steps.back().name];
      summary.materials = links_[layout_.steps.front().name].materials;
    }
    return summary;
  }

 private:
  std::optional<Refusal> check_owners(const InTotoMetadata& metadata) const {
    if (options_.owners.empty())
      return Refusal{"signature-missing", "layout", "an owner's key", {}, "no key is given"};
    for (const InTotoKey& owner : options_.owners) {
      if (in_toto_signed_by(metadata, owner, options_.now)) continue;
      std::vector<std::string> found;
      for (const InTotoSignature& s : metadata.signatures) found.push_back(s.key_id);
      return Refusal{"signature-invalid", "layout.signatures", owner.id, join(found, ", "),
                     "an owner whose key was given has not signed the layout"};
    }
    return std::nullopt;
  }

  void warn_of_weaknesses() {
    if (layout_.expires - options_.now > long_life)
      warnings_.push_back(fmt::format(
          "the layout is good until {}: an old one can be brought back until then, for layouts "
          "have no versions",
          rfc3339(layout_.expires)));
    for (const InTotoStep& step : layout_.steps) {
      for (const auto& [name, rules] :
           {std::pair{"materials", &step.materials}, std::pair{"products", &step.products}}) {
        const bool closed = !rules->empty() && rules->back().size() == 2 &&
                            lower(rules->back()[0]) == "disallow" && rules->back()[1] == "*";
        if (!closed)
          warnings_.push_back(fmt::format(
              "step {}: the rules for {} do not end in DISALLOW *, so that what they do not name "
              "is allowed",
              step.name, name));
      }
    }
  }

  Result<std::string> read_link_of(const InTotoStep& step, std::string_view id) const {
    return read_file(options_.link_folder + "/" + in_toto_link_name(step.name, id), max_envelope);
  }

  // The link of one functionary; a sublayout in its place is verified and becomes its summary.
  Checked<std::optional<InTotoLink>> link_of(const InTotoStep& step, const std::string& id,
                                             bool& there) {
    there = false;
    const auto key = layout_.keys.find(id);
    std::string signer = id;
    auto text = read_link_of(step, signer);
    // A subkey of OpenPGP signs under its own name.
    if (key != layout_.keys.end() && key->second.gpg) {
      for (const auto& [subkey, part] : *key->second.gpg) {
        if (text || text.error().fault != Fault::not_found) break;
        text = read_link_of(step, signer = subkey);
      }
    }
    const std::string name = in_toto_link_name(step.name, signer);
    if (!text && text.error().fault == Fault::not_found) return std::nullopt;
    if (!text) return refuse(text.error(), name);
    there = true;
    const auto metadata = parse_in_toto(*text);
    if (!metadata) return refuse(metadata.error(), name);
    if (key == layout_.keys.end() || !in_toto_signed_by(*metadata, key->second, options_.now)) {
      warnings_.push_back(
          fmt::format("{} is passed over: it is not signed by the key that it is named for", name));
      return std::nullopt;
    }
    if (const auto* link = std::get_if<InTotoLink>(&metadata->payload)) {
      if (link->name != step.name)
        return in_step(step, "link-name-mismatch", "a link of another step lies in its place",
                       step.name, link->name);
      return *link;
    }
    if (depth_ >= max_sublayout_depth)
      return in_step(step, "layout-too-deep", "layouts in layouts in layouts", "at most 8", {});
    InTotoOptions below = options_;
    below.link_folder += fmt::format("/{}.{}", step.name, signer.substr(0, 8));
    below.owners = {key->second};
    below.parameters.reset();
    auto summary = LayoutVerifier(below, depth_ + 1, warnings_).run(*metadata);
    if (!summary) return std::unexpected(summary.error());
    summary->name = step.name;
    return *std::move(summary);
  }

  std::optional<Refusal> take_step(const InTotoStep& step) {
    std::vector<InTotoLink> links;
    std::set<std::string> keys;  // different ones: a layout may hold one key under two names
    std::int64_t files = 0;
    for (const auto& id : step.key_ids) {
      bool there = false;
      auto link = link_of(step, id, there);
      if (!link) return link.error();
      files += there ? 1 : 0;
      if (!*link || !keys.insert(layout_.keys.at(id).key.id()).second) continue;
      links.push_back(**std::move(link));
    }
    if (std::ssize(links) < step.threshold)
      return in_step(step, files < step.threshold ? "link-missing" : "threshold-not-met",
                     "too few different functionaries have signed a link of the step",
                     fmt::format("{} links", step.threshold), fmt::format("{}", links.size()))
          .error();
    for (const InTotoLink& link : links) {
      if (step.threshold > 1 &&
          (link.materials != links.front().materials || link.products != links.front().products))
        return in_step(step, "threshold-disagree",
                       "the functionaries of the step do not report the same files")
            .error();
      if (link.command != step.command)
        warnings_.push_back(
            fmt::format("step {}: the layout expects the command \"{}\", a link "
                        "says \"{}\"",
                        step.name, join(step.command, " "), join(link.command, " ")));
    }
    links_[step.name] = std::move(links.front());
    return std::nullopt;
  }

  std::optional<Refusal> check_rules(const std::string& about,
                                     const std::vector<InTotoRule>& materials,
                                     const std::vector<InTotoRule>& products,
                                     const std::string& name) {
    const InTotoLink& link = links_[name];
    if (auto wrong = apply_in_toto_rules(about, false, materials, link, links_)) return wrong;
    return apply_in_toto_rules(about, true, products, link, links_);
  }

  // What in-toto records around an inspection: everything here but links, caches and back-ups.
  Result<InTotoArtifacts> record_here() const {
    TRY(const auto files, collect_artifacts(options_.inspection_folder, {"**"}, {}));
    InTotoArtifacts out;
    for (const PhaseArtifact& a : files) {
      const auto skipped = {"*.link*", "*.pyc", "*~", "*.git/*"};
      if (std::ranges::none_of(skipped, [&](auto p) { return fnmatch_matches(p, a.path); }))
        out[a.path] = {{"sha256", a.sha256}};
    }
    return out;
  }

  std::optional<Refusal> inspect() {
    std::map<std::string, InTotoLink> made;
    for (const InTotoInspection& inspection : layout_.inspections) {
      const std::string about = "inspection " + inspection.name;
      if (!options_.allow_inspections)
        return Refusal{"inspection-not-allowed",
                       about,
                       {},
                       join(inspection.run, " "),
                       "the layout wants to run a command here; --allow-inspections lets it"};
      InTotoLink link{inspection.name, inspection.run, {}, {}};
      auto before = record_here();
      if (!before) return refuse(before.error(), about).error();
      const auto run = run_command(inspection.run, {.folder = options_.inspection_folder,
                                                    .quiet = true,
                                                    .seconds = options_.inspection_seconds});
      if (!run) return Refusal{"inspection-failed", about, "0", {}, run.error().message()};
      if (run->exit_code != 0)
        return Refusal{"inspection-failed", about, "0", fmt::format("{}", run->exit_code),
                       "the command of an inspection did not end well"};
      auto after = record_here();
      if (!after) return refuse(after.error(), about).error();
      link.materials = *std::move(before);
      link.products = *std::move(after);
      made[inspection.name] = std::move(link);
    }
    links_.merge(made);
    for (const InTotoInspection& inspection : layout_.inspections)
      if (auto wrong = check_rules("inspection " + inspection.name, inspection.materials,
                                   inspection.products, inspection.name))
        return wrong;
    return std::nullopt;
  }

  const InTotoOptions& options_;
  unsigned depth_;
  std::vector<std::string>& warnings_;
  InTotoLayout layout_;
  std::map<std::string, InTotoLink> links_;
};

}  // namespace

Checked<InTotoOutcome> verify_in_toto(std::string_view layout, const InTotoOptions& options) {
  const auto metadata = parse_in_toto(layout);
  if (!metadata) return refuse(metadata.error(), "layout");
  InTotoOutcome out;
  auto summary = LayoutVerifier(options, 0, out.warnings).run(*metadata);
  if (!summary) return std::unexpected(summary.error());
  out.summary = *std::move(summary);
  return out;
}

}  // namespace boltseal
