// Lists under one tag that many writers add to at once: cosign's signatures (`sha256-<hex>.sig`,
// layers of a manifest), its attestations (`.att`), and the referrers of OCI 1.1 where the registry
// does not keep them (`sha256-<hex>`, entries of an index).
//
// All of them are read, changed and written back as a whole, and registries have no way to say
// "only if nobody else wrote". So each writer first puts its entry under a tag of its own,
// `<tag>.<id>`, which nobody overwrites. Then it merges whatever has such a tag into the list,
// writes the list, and only stops when, after its own write, it has seen a list that holds
// everything that has a tag. Whoever writes the list last has done that too, so the list that is
// left holds all entries (the proof is in doc/signing.md). A reader that looks at the tags as well
// misses nothing even while writers are at work or one died, or when another program, which knows
// nothing of this, wrote an old list back.
//
// An entry is taken away by a tag `<tag>.<id>.gone`; it wins over the entry's own.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/manifest.h"

namespace boltseal {

class ArtifactStore;

enum class ListKind {
  layers,  // of an image manifest with a config, as cosign has it
  index,   // entries of an index
};

struct ListChange {
  std::vector<Descriptor> add;
  std::vector<Descriptor> take;
};

// What two entries are the same by: digest and signature. 32 hex digits.
std::string entry_id(const Descriptor& entry);

// The list under the tag with all that has tags of its own; not_found when there is neither.
Result<std::vector<Descriptor>> read_shared_list(ArtifactStore& store, const std::string& tag,
                                                 ListKind kind);
// Returns when the change is in the list for good; io when that does not come about. `pause` is
// called with milliseconds between tries.
Result<> change_shared_list(ArtifactStore& store, const std::string& tag, ListKind kind,
                            const ListChange& change);

// The list as a manifest or index, with the config that it needs put into the store.
Result<Manifest> list_manifest(ArtifactStore& store, ListKind kind,
                               std::vector<Descriptor> entries);
// The entries of such a manifest; corrupt when it is of the other kind.
Result<std::vector<Descriptor>> entries_of(const Manifest& manifest, ListKind kind,
                                           const std::string& where);
// `entries` with a change applied, for stores that can do it in one step.
std::vector<Descriptor> changed(std::vector<Descriptor> entries, const ListChange& change);

}  // namespace boltseal
