// From keys to findings: what all records of a database say of one package, merged to one finding
// per flaw.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "advisories/database.h"
#include "match/ecosystem.h"
#include "match/evaluate.h"

namespace boltseal {

// What one record says of one package. Most are only counted, so texts are read late.
struct Opinion {
  std::uint32_t record = 0;
  RecordHead head;
  std::string_view id, feed;  // the texts of the head, once somebody needs them
  int rank = 0;               // then also: 0 for the feed that judges this ecosystem natively
  const Affected* affected = nullptr;
  const Key* key = nullptr;
  Judgement judgement;
};

// What all records say of one package.
struct Resolved {
  std::vector<Finding> findings;  // sorted by the flaw; without index and evidence
  VerdictCounts unlisted{};       // what was dropped and, without `explain`, is only counted
};

class Resolver {
 public:
  // What findings say goes into `texts`.
  Resolver(const Database& database, const Ecosystems& ecosystems, bool explain, Texts& texts)
      : database_(database), ecosystems_(ecosystems), explain_(explain), texts_(texts) {}

  // What there is to say of a package. Binaries of one source share the work, and the last of them
  // gets the answer itself instead of a copy: so every package is announced first, in the order in
  // which findings() will be asked for it.
  Result<> expect(const Package& package);
  Result<Resolved> findings(const Package& package);

 private:
  // A key of which some record speaks.
  struct Question {
    Key key;
    std::uint32_t place = 0;
  };
  struct Answer {
    std::uint32_t expected = 0;
    bool known = false;
    Resolved resolved;
  };
  struct Expected {
    Answer* answer = nullptr;  // none: no record speaks of the package
    std::vector<Question> questions;
  };
  struct Group;  // the opinions on one flaw
  Result<Resolved> resolve(const std::vector<Question>& questions, const Package& package);
  Opinion judge(const Key& key, const Candidate& candidate, const Package& package) const;
  Result<std::string_view> text(std::uint32_t number) const;
  Result<> name(Opinion& opinion);
  Result<> settle(Group& group, const Package& package, Resolved& out);
  bool open_at(std::string_view version, const std::vector<Opinion*>& opinions,
               const Package& package) const;
  std::vector<std::string_view> fixes(const std::vector<Opinion*>& opinions,
                                      const Package& package) const;
  Result<Finding> finding_of(const Group& group, std::string_view why, const Package& package);

  const Database& database_;
  const Ecosystems& ecosystems_;
  bool explain_;
  Texts& texts_;
  std::uint32_t feed_number_ = 0;
  std::string_view feed_;  // its text
  std::unordered_map<std::string, Answer> answers_;
  std::deque<Expected> expected_;
};

// Fills severity, its source, CVSS scores, KEV, title, dates, references and the state of a
// finding, whose fixes are there already, that `opinions` (named, the deciding one first) led to.
// `ids`: all of the flaw, by number, that of the finding first.
Result<> describe(const Database& database, const std::vector<Opinion*>& opinions,
                  const std::vector<std::uint32_t>& ids, bool explain, Texts& texts,
                  Finding& finding);

}  // namespace boltseal
