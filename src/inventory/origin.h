// Who built an OS package, the distribution or somebody else whose repository was added to it, and
// whether what it was built from can run at all.
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

// Whether the package holds the headers of the kernel alone: linux-libc-dev and linux-headers-… of
// a deb, kernel-headers of an rpm. It is built from the kernel's source, whose thousands of flaws
// are not in it; a container runs on its host's kernel.
bool is_kernel_headers(const Package& package);

}  // namespace boltseal
