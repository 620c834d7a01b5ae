// The folder of records: "01-source.json", "02-test.json", … Nothing in it is ever changed but that
// a signature is added, and each record names the one before it, so that none can be taken out,
// put in or moved.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "custody/chain_record.h"
#include "seal/dsse.h"
#include "seal/refusal.h"

namespace boltseal {

struct StoredRecord {
  std::string file;  // its name in the folder
  DsseEnvelope envelope;
  std::string sha256;  // of the payload, hex
  CustodyRecord record;
};

// All records, in order. Refuses a folder with a gap (record-missing), a record in another's place
// (record-order), or one that does not follow what stands before it (record-changed). Signatures
// are not looked at here. A folder that is not there has no records.
Checked<std::vector<StoredRecord>> load_records(const std::string& folder);

// The last record of a phase; null when there is none.
const StoredRecord* last_of(const std::vector<StoredRecord>& records, std::string_view phase);

// Waits until nobody else writes into the folder, which is made when it is not there, and keeps
// others waiting as long as the descriptor is open. Whoever numbers a record or adds a signature
// reads the folder again under this lock.
Result<Fd> lock_records(const std::string& folder);

// Under the lock. Writes a record behind the others and gives the file's name.
Result<std::string> append_record(const std::string& folder, const CustodyRecord& record,
                                  const DsseEnvelope& envelope);
// Under the lock. Writes a record again that has got one more signature.
Result<> rewrite_record(const std::string& folder, const StoredRecord& record);

}  // namespace boltseal
