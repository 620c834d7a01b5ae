// Who built an OS package: the distribution, or somebody else whose repository was added to it.
//
// A distribution's advisories speak of its own packages. docker-ce, a node of NodeSource or nginx
// of nginx.org have versions and fixes of their own, so judging them by the distribution's feed
// gives findings that are none and hides those that are.
#pragma once
#include <string>

#include "inventory/package.h"

namespace boltseal {

// What shows that `package` is not the distribution's own ("its vendor is Fedora Copr - user x"), a
// clause for messages; empty when nothing does. An rpm says its vendor. A deb says only who
// maintains it, often the same people who maintain Debian's, so only what is known of a publisher
// counts: his address, or his mark in the version ("16.3-1.pgdg22.04+1").
std::string third_party(const Package& package, const Distribution& distribution);

}  // namespace boltseal
