// A verdict on a chain of custody as people and programs read it. All texts that come from records
// are escaped.
#pragma once
#include <string>

#include "codec/json_writer.h"
#include "custody/chain_policy.h"
#include "custody/chain_verify.h"

namespace boltseal {

struct CustodyPicture {
  const CustodyPolicy& policy;
  const CustodyVerdict& verdict;
  bool policy_signed = false;  // by an owner whose key was given
};

std::string custody_text(const CustodyPicture& picture);
std::string custody_json(const CustodyPicture& picture);  // doc/formats/custody.md
std::string custody_svg(const CustodyPicture& picture);   // stands alone; no script, no style sheet
// One page without script; its Content-Security-Policy lets nothing in but its own style.
std::string custody_html(const CustodyPicture& picture);

// The members code, field, wanted, found, what of an object under `name`.
void write_refusal(JsonWriter& json, std::string_view name, const Refusal& refusal);

}  // namespace boltseal
