#include "custody/chain_verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/time.h"

namespace boltseal {
namespace {

constexpr std::int64_t clock_skew = 300;  // seconds that a signer's clock may be ahead

Refusal refusal(std::string code, std::string what, std::string field, std::string wanted,
                std::string found) {
  return {std::move(code), std::move(field), std::move(wanted), std::move(found), std::move(what)};
}

class Verifier {
 public:
  Verifier(const CustodyPolicy& policy, const std::vector<StoredRecord>& records,
           const CustodyQuestion& question)
      : policy_(policy), records_(records), question_(question) {}

  CustodyVerdict run() {
    out_.judged = true;
    if (auto wrong = check_policy_version()) return out_.refusal = wrong, std::move(out_);
    if (auto wrong = choose_phases()) return out_.refusal = wrong, std::move(out_);
    find_records();
    for (CustodyHop& hop : out_.hops) {
      if (!hop.refusal) hop.refusal = check(hop);
      if (hop.refusal && !out_.refusal) {
        out_.refusal = hop.refusal;
        out_.broken = hop.phase;
      }
      hop.holds = !out_.refusal;
      if (hop.holds) apply_record(*policy_.phase(hop.phase), hop.record->record, out_);
    }
    if (!out_.refusal) out_.refusal = check_separation(policy_, out_.hops);
    return std::move(out_);
  }

 private:
  // An old policy that its owners once signed is no policy any more when a record has been made
  // under a newer one. Only a record of the project that somebody allowed has signed has a say in
  // it.
  std::optional<Refusal> check_policy_version() const {
    if (policy_.version < question_.min_policy_version)
      return refusal("policy-rolled-back", "the policy is older than the one that is wanted",
                     "policy.version", fmt::format("at least {}", question_.min_policy_version),
                     fmt::format("{}", policy_.version));
    for (const StoredRecord& stored : records_) {
      const CustodyRecord& record = stored.record;
      if (record.project != policy_.project) continue;
      const bool newer = record.policy_version > policy_.version;
      const bool other =
          record.policy_version == policy_.version && record.policy_sha256 != policy_.sha256;
      if (!newer && !other) continue;
      const CustodyPhase* phase = policy_.phase(record.phase);
      if (!phase || !verify_dsse(stored.envelope, policy_.keys_of(phase->keys), 1)) continue;
      if (newer)
        return refusal("policy-rolled-back",
                       fmt::format("{} was made under a newer policy", stored.file),
                       "policy.version", fmt::format("at least {}", record.policy_version),
                       fmt::format("{}", policy_.version));
      return refusal("policy-version-reused",
                     fmt::format("{} was made under another policy of this version; a change "
                                 "needs a new version",
                                 stored.file),
                     "policy.sha256", record.policy_sha256, policy_.sha256);
    }
    return std::nullopt;
  }

  void collect(const CustodyPhase& phase, std::set<std::string>& into, bool above_from) const {
    if (!into.insert(phase.name).second) return;
    if (above_from && phase.name == question_.from) return;
    for (const auto& name : phase.after) collect(*policy_.phase(name), into, above_from);
  }

  std::optional<Refusal> choose_phases() {
    std::set<std::string> wanted;
    for (const auto& name : question_.to) {
      const CustodyPhase* phase = policy_.phase(name);
      if (!phase)
        return refusal("phase-unknown", "the policy has no phase of that name", "phase", {}, name);
      collect(*phase, wanted, true);
    }
    if (!question_.from.empty()) {
      if (!wanted.contains(question_.from))
        return refusal("phase-unknown", "the chain does not pass through this phase", "from", {},
                       question_.from);
      // What lies before the first phase may still be reached around it.
      std::set<std::string> before;
      collect(*policy_.phase(question_.from), before, false);
      std::erase_if(wanted, [&](const auto& name) {
        return name != question_.from && before.contains(name);
      });
    }
    if (wanted.empty())
      return refusal("phase-unknown", "there is no phase to verify", "to", "a phase", {});
    for (const CustodyPhase& phase : policy_.phases)
      if (wanted.contains(phase.name)) out_.hops.push_back({phase.name, nullptr, {}, {}, false});
    return std::nullopt;
  }

  CustodyHop* hop(std::string_view phase) {
    const auto found = std::ranges::find(out_.hops, phase, &CustodyHop::phase);
    return found == out_.hops.end() ? nullptr : &*found;
  }

  // From the last phase back: the ends are the last records, the others those that are linked to.
  void find_records() {
    for (const auto& name : question_.to) {
      CustodyHop& end = *hop(name);
      end.record = last_of(records_, name);
      if (!end.record)
        end.refusal = refusal("phase-missing", "the phase has no record", "phase", name, {});
    }
    for (auto later = out_.hops.rbegin(); later != out_.hops.rend(); ++later) {
      if (later->record) {
        follow_links(*later);
      } else if (!later->refusal) {
        const auto why = why_missing_.find(later->phase);
        later->refusal = why != why_missing_.end()
                             ? why->second
                             : refusal("phase-missing", "nothing leads to a record of the phase",
                                       "phase", later->phase, {});
      }
    }
  }

  // `wrong` is the later hop's fault, and the reason why the earlier one has no record.
  void broken_link(CustodyHop& later, const std::string& earlier, Refusal wrong) {
    why_missing_.emplace(earlier, wrong);
    if (!later.refusal) later.refusal = std::move(wrong);
  }

  void follow_links(CustodyHop& later) {
    const auto& links = later.record->record.previous;
    for (const auto& name : policy_.phase(later.phase)->after) {
      CustodyHop* earlier = hop(name);
      if (!earlier) continue;
      const auto link = std::ranges::find(links, name, &RecordLink::phase);
      if (link == links.end()) {
        broken_link(
            later, name,
            refusal("link-missing", fmt::format("{} names no record of {}", later.phase, name),
                    "previous", name, {}));
        continue;
      }
      const auto found = std::ranges::find(records_, link->sha256, &StoredRecord::sha256);
      if (found == records_.end() || found->record.phase != name ||
          found->record.sequence >= later.record->record.sequence) {
        const StoredRecord* last = last_of(records_, name);
        broken_link(
            later, name,
            refusal("link-broken",
                    fmt::format("{} rests on a record of {} that is not here", later.phase, name),
                    "previous." + name, link->sha256, last ? last->sha256 : ""));
        continue;
      }
      if (earlier->record && earlier->record != &*found && !later.refusal)
        later.refusal = refusal("link-fork", "two phases rest on different records of a third",
                                "previous." + name, earlier->record->sha256, link->sha256);
      if (!earlier->record) earlier->record = &*found;
    }
  }

  std::optional<Refusal> check(CustodyHop& hop) const {
    const CustodyPhase& phase = *policy_.phase(hop.phase);
    const CustodyRecord& record = hop.record->record;
    const auto payload = policy_.verify(hop.record->envelope, phase.keys, phase.threshold);
    if (!payload) {
      Refusal wrong = payload.error();
      wrong.field = hop.record->file + " " + wrong.field;
      if (wrong.code == "signature-invalid") {
        for (const auto& signature : hop.record->envelope.signatures)
          wrong.found += (wrong.found.empty() ? "" : ", ") + policy_.name_of_key(signature.key_id);
        for (const auto& name : phase.keys)
          wrong.wanted += (wrong.wanted.empty() ? "" : ", ") + name;
      }
      return wrong;
    }
    for (const auto& id : payload->keys()) hop.keys.push_back(policy_.name_of_key(id));
    std::ranges::sort(hop.keys);
    if (record.project != policy_.project)
      return refusal("project-mismatch", "the record is of another project", "project",
                     policy_.project, record.project);
    if (auto wrong = check_time(phase, record)) return wrong;
    if (auto wrong = check_evidence(policy_, phase, record)) return wrong;
    if (out_.refusal) return std::nullopt;  // nothing is known behind a hop that is broken
    return check_materials(phase, record.materials, out_);
  }

  std::optional<Refusal> check_time(const CustodyPhase& phase, const CustodyRecord& record) const {
    if (record.finished > question_.now + clock_skew)
      return refusal("time-in-future", "the record is from a time to come", "finishedOn",
                     "not after " + rfc3339(question_.now), rfc3339(record.finished));
    if (phase.max_age && question_.now - record.finished > *phase.max_age)
      return refusal("record-expired", "the record is too old; do the phase again", "finishedOn",
                     "not before " + rfc3339(question_.now - *phase.max_age),
                     rfc3339(record.finished));
    for (const CustodyHop& earlier : out_.hops) {
      if (!earlier.record || std::ranges::find(phase.after, earlier.phase) == phase.after.end())
        continue;
      const CustodyRecord& before = earlier.record->record;
      if (before.finished > record.started + clock_skew)
        return refusal(
            "time-reversed", fmt::format("{} began before {} ended", phase.name, earlier.phase),
            "startedOn", "not before " + rfc3339(before.finished), rfc3339(record.started));
      if (before.policy_version > record.policy_version)
        return refusal(
            "policy-rolled-back",
            fmt::format("{} went back to an older policy than {} had", phase.name, earlier.phase),
            "policy.version", fmt::format("at least {}", before.policy_version),
            fmt::format("{}", record.policy_version));
    }
    return std::nullopt;
  }

  const CustodyPolicy& policy_;
  const std::vector<StoredRecord>& records_;
  const CustodyQuestion& question_;
  CustodyVerdict out_;
  std::map<std::string, Refusal> why_missing_;
};

}  // namespace

CustodyVerdict verify_custody(const CustodyPolicy& policy, const std::vector<StoredRecord>& records,
                              const CustodyQuestion& question) {
  return Verifier(policy, records, question).run();
}

}  // namespace boltseal
