// YAML 1.2 by yaml-cpp's event parser. Events, not its node tree, because here depth, node count
// and aliases are bounded while they come: an alias copies the handle of what it names (no growth),
// and its nodes count each time.
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>
#include <unordered_map>
#include <vector>

#include "codec/value.h"

namespace boltseal {
namespace {

struct TooLarge {};

// YAML 1.2 core schema for plain scalars.
Value plain(const std::string& text, Document& out) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return out.boolean(true);
  if (text == "false" || text == "False" || text == "FALSE") return out.boolean(false);
  const bool digits =
      text.find_first_not_of("0123456789", text[0] == '-' || text[0] == '+') == std::string::npos;
  // A number keeps its spelling when that matters (version: 1.10, 007), so only plain integers
  // become numbers.
  if (digits && text.size() < 19 && text != "-" && text != "+" &&
      (text.size() == 1 || text[0] != '0')) {
    return out.integer(std::stoll(text));
  }
  return out.text(text);
}

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Document& out) : out_(out) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t anchor) override { add({}, anchor, 1); }
  void OnAlias(const YAML::Mark&, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found != anchors_.end())
      add(found->second.first, 0, found->second.second);
    else
      add({}, 0, 1);
  }
  void OnScalar(const YAML::Mark&, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    add(tag == "?" ? plain(value, out_) : out_.text(value), anchor, 1);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(false, anchor);
  }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(true, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    bool map = false;
    YAML::anchor_t anchor = 0;
    std::size_t nodes = 1;
    std::vector<Value> values;
  };

  void open(bool map, YAML::anchor_t anchor) {
    if (levels_.size() >= max_value_depth) throw TooLarge{};
    levels_.push_back({map, anchor, 1, {}});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (!level.map) return add(out_.array(level.values), level.anchor, level.nodes);
    std::vector<Value::Member> members;
    for (std::size_t i = 0; i + 1 < level.values.size(); i += 2) {
      members.push_back({out_.keep(level.values[i].scalar()), level.values[i + 1]});
    }
    add(out_.object(members), level.anchor, level.nodes);
  }

  void add(Value value, YAML::anchor_t anchor, std::size_t nodes) {
    total_ += nodes;
    if (total_ > max_value_nodes) throw TooLarge{};
    if (anchor != 0) anchors_[anchor] = {value, nodes};
    if (levels_.empty()) return out_.set_root(value);
    levels_.back().nodes += nodes;
    levels_.back().values.push_back(value);
  }

  Document& out_;
  std::vector<Level> levels_;
  std::unordered_map<YAML::anchor_t, std::pair<Value, std::size_t>> anchors_;
  std::size_t total_ = 0;
};

}  // namespace

Result<Document> parse_yaml(std::string_view text) {
  Document document;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(document);
    parser.HandleNextDocument(builder);
  } catch (const TooLarge&) {
    return fail(Fault::too_large, "YAML: nested too deep, or too many nodes");
  } catch (const YAML::DeepRecursion&) {
    return fail(Fault::too_large, "YAML: nested too deep");
  } catch (const std::exception& error) {
    return fail(Fault::corrupt, std::string("not YAML: ") + error.what());
  }
  return document;
}

}  // namespace boltseal
