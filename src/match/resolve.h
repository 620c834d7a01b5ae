// From keys to findings: what all records of a database say of one package, merged to one finding
// per flaw.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "advisories/database.h"
#include "match/ecosystem.h"
#include "match/evaluate.h"

namespace boltseal {

// One flaw as a record names it: its alias class.
struct Flaw {
  std::string cve;  // the first CVE of the class; may be empty
  std::vector<std::string>
      ids;  // of the class and of the record, sorted; the first one names the class
};

struct Record {
  Advisory advisory;
  std::vector<Flaw> flaws;
};

// What one record says of one package.
struct Opinion {
  const Record* record = nullptr;
  const Affected* affected = nullptr;
  Judgement judgement;
  Key key;
  int rank = 0;  // 0 for the feed that judges this ecosystem natively
};

class Resolver {
 public:
  Resolver(const Database& database, const Ecosystems& ecosystems, bool explain)
      : database_(database), ecosystems_(ecosystems), explain_(explain) {}

  // Announces that findings() will be asked for this package: binaries of one source share the
  // work, and the last of them gets the answer itself instead of a copy.
  void expect(const Package& package) { ++answers_[question(package)].expected; }
  // The findings of a package, without its index and evidence; every verdict, sorted by the class.
  Result<std::vector<Finding>> findings(const Package& package);

 private:
  struct Answer {
    std::uint32_t expected = 0;
    bool known = false;
    std::vector<Finding> findings;
  };
  std::string question(const Package& package) const;
  Result<const Record*> record(std::uint32_t number);
  Result<std::vector<Finding>> resolve(const std::vector<Key>& keys, const Package& package);

  const Database& database_;
  const Ecosystems& ecosystems_;
  bool explain_;
  std::unordered_map<std::uint32_t, Record> records_;
  std::unordered_map<std::string, Answer> answers_;
};

// Fills severity, its source, CVSS scores, KEV, title, dates and references of a finding that
// `opinions` (the deciding one first) led to.
Result<> describe(const Database& database, const std::vector<const Opinion*>& opinions,
                  Finding& finding);

}  // namespace boltseal
