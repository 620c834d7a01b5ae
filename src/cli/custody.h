// What the commands under `custody` share: where policy and records lie, whose policy it is, and
// how a refusal ends a command.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/password.h"
#include "custody/chain_policy.h"
#include "custody/chain_store.h"
#include "custody/chain_verify.h"
#include "seal/key_reference.h"
#include "seal/refusal.h"
#include "source/source.h"

namespace boltseal {

struct CustodyPlace {
  std::string policy = "custody.yaml";
  std::string records = ".custody";
  std::vector<std::string> owners;  // public keys; the policy must be signed by them
  std::uint64_t require = 1;        // how many of them
  std::uint64_t min_version = 0;
  std::string key_records;                    // what revokes keys of the policy and its owners
  std::string timestamp_chain, trusted_root;  // who tells when such a key has signed
  std::string at;                             // the moment that ages are counted to; empty: now
};

void add_custody_place(Command& command, CustodyPlace& place, bool with_owners = true);

// The policy, under its owners' signatures (POLICY.dsse) where keys of theirs are given.
Checked<CustodyPolicy> open_custody_policy(const CustodyPlace& place);
// The folder of records, where it lies in the tree: it is no part of what is recorded. Empty where
// it lies elsewhere.
std::string records_in_tree(const CustodyPlace& place);
Result<std::int64_t> custody_now(const CustodyPlace& place);

// The option of commands that sign, and what it does: has each signature of `key` on the envelope
// stamped that has no timestamp yet. Nothing where no `url` is given.
void add_custody_timestamp(Command& command, std::string& url);
Result<> stamp_signatures(const std::string& url, const PublicKey& key, DsseEnvelope& envelope);
// The same for a record that is written, with a `url`: the authority is asked while nobody waits
// for the folder.
Result<> stamp_record(const CustodyPlace& place, const std::string& url, const PublicKey& key,
                      const std::string& sha256);

// The phases that no other one comes after; `with_records`: among those that have a record.
std::vector<std::string> last_phases(const CustodyPolicy& policy,
                                     const std::vector<StoredRecord>* with_records = nullptr);

// Gives the command -q, and has it run.
void run_custody(Command& command, const std::function<int()>& run, int& exit);

// Prints the refusal and gives Exit::findings.
int complain_of_refusal(const Refusal& refusal, std::string_view about = {});

// An image as an artifact: its digest from the name where that has one, else from the image.
Result<PhaseArtifact> image_artifact(const std::string& reference, const SourceOptions& options);
// What a phase takes or makes: the files below the working directory that `globs` match, and the
// images; sorted by path.
Result<std::vector<PhaseArtifact>> collect_artifacts_here(const CustodyPlace& place,
                                                          const std::vector<std::string>& globs,
                                                          const std::vector<std::string>& images,
                                                          const SourceOptions& options);

// The commands, each in its own file.
void add_custody_init(Command& custody, int& exit);
void add_custody_step(Command& custody, int& exit);
void add_custody_verify(Command& custody, int& exit);
void add_custody_in_toto(Command& custody, int& exit);
void add_custody_witness(Command& custody, int& exit);
void add_custody_snippets(Command& custody, int& exit);

}  // namespace boltseal
