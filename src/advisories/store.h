// Where the advisory database lives, and how it moves between machines.
#pragma once
#include <string>
#include <string_view>

#include "advisories/database.h"
#include "base/result.h"

namespace boltseal {

// $BOLTSEAL_DATA_DIR, else $XDG_DATA_HOME/boltseal, else ~/.local/share/boltseal, else
// /var/lib/boltseal.
std::string default_data_directory();
std::string database_path(const std::string& directory);

// The database of the directory when there is one, else the starter. A damaged file is an Error: it
// is never passed over in silence.
Result<Database> open_best_database(const std::string& directory);

// The database that came inside the program; empty when the program was built without it.
std::string_view starter_database();

// A database of facts only, from a mirror's directory; the same bytes on every machine.
Result<std::string> build_starter(const std::string& mirror);

// Writes the best database to `file`, for a machine without network.
Result<DatabaseInfo> export_database(const std::string& directory, const std::string& file);
// Installs a database file that export wrote, once it has been verified; refuses one that is older
// than the installed one, unless forced.
Result<DatabaseInfo> import_database(const std::string& file, const std::string& directory,
                                     bool force);
// Digest and every record of the best database.
Result<DatabaseInfo> verify_database(const std::string& directory);

}  // namespace boltseal
