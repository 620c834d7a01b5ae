// Whether the records say what the policy asks for, hop by hop. A pure function: no clock, no
// network, no files.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "custody/chain_policy.h"
#include "custody/chain_store.h"
#include "seal/refusal.h"

namespace boltseal {

// What is known of the files at a point of the chain: path → what it holds, and who made it.
struct KnownArtifact {
  std::string mode, sha256, phase;
};
using KnownArtifacts = std::map<std::string, KnownArtifact>;

struct CustodyHop {
  std::string phase;
  const StoredRecord* record = nullptr;  // null: there is none
  std::vector<std::string> keys;         // names of those who have signed, sorted
  std::optional<Refusal> refusal;
  bool holds = false;  // it has no refusal, and those before it hold too
};

// What a phase hands on to those that rest on it: the images that it made; when it made none, those
// that it took; when it named none, those that it was handed itself.
using HandedImages = std::map<std::string, std::vector<PhaseArtifact>>;  // by phase

struct CustodyVerdict {
  std::vector<CustodyHop> hops;    // in the order of the phases
  std::optional<Refusal> refusal;  // of the first hop that is broken, or of what goes round them
  std::string broken;              // its phase; empty when it is no phase's
  KnownArtifacts known;            // behind the last hop that holds
  HandedImages images;             // of each hop that holds
  bool judged = false;             // verify_custody has gone through all of it
  bool holds() const { return judged && !refusal; }
};

struct CustodyQuestion {
  std::vector<std::string> to;           // phases whose last records are the ends of the chain
  std::string from;                      // phase that it begins with; empty: all that came before
  std::int64_t now = 0;                  // seconds since 1970
  std::uint64_t min_policy_version = 0;  // what the caller has seen before
};

// `records` must outlive the verdict.
CustodyVerdict verify_custody(const CustodyPolicy& policy, const std::vector<StoredRecord>& records,
                              const CustodyQuestion& question);

// Whether `phase` may begin with these materials, after a verdict on the phases before it. Of a
// phase that rests on none of the verdict's only the presence of its materials is asked.
std::optional<Refusal> check_materials(const CustodyPhase& phase,
                                       const std::vector<PhaseArtifact>& materials,
                                       const CustodyVerdict& before);
// The images that a record makes; when it makes none, those that it takes.
std::vector<PhaseArtifact> images_handed_on(const CustodyRecord& record);
// Makes what `record` did part of what is known, and of what is handed on.
void apply_record(const CustodyPhase& phase, const CustodyRecord& record, CustodyVerdict& verdict);

// Whether the record shows what the phase asks for besides its materials.
std::optional<Refusal> check_evidence(const CustodyPolicy& policy, const CustodyPhase& phase,
                                      const CustodyRecord& record);

// Whether a file is one of those known.
std::optional<Refusal> check_known_file(const CustodyVerdict& verdict, std::string_view sha256);
// Whether an image is what one of the `ends` hands on.
std::optional<Refusal> check_known_image(const CustodyVerdict& verdict,
                                         const std::vector<std::string>& ends,
                                         std::string_view sha256);

// Whether a key that has signed `phase` has signed another that it must keep out of.
std::optional<Refusal> check_separation(const CustodyPolicy& policy,
                                        const std::vector<CustodyHop>& hops);

}  // namespace boltseal
