// Text for a terminal: colours, columns, wrapping. Every text that comes in from outside goes
// through printable().
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "inventory/finding.h"
#include "report/report.h"

namespace boltseal {

enum class Ink { plain, bold, dim, good, critical, high, medium, low, rest };
Ink ink_of(Severity severity);

class Canvas {
 public:
  explicit Canvas(const RenderOptions& options);
  std::size_t width() const { return width_; }

  std::string paint(Ink ink, std::string_view text) const;  // `text` must be safe already
  void line(std::string_view text = {});                    // spaces at its end are taken off
  // "TITLE detail ─────── right"
  void heading(std::string_view title, std::string_view detail, std::string_view right = {});
  // A box as wide as the screen with `title` in its upper edge.
  void box(std::string_view title, const std::vector<std::string>& lines);
  // Words or items after `head`, continued under each other; `head` takes `indent` columns.
  void wrapped(std::string_view head, std::size_t indent, const std::vector<std::string>& items,
               std::string_view between = ", ", Ink ink = Ink::plain);
  std::string take() { return std::move(out_); }

 private:
  std::size_t width_;
  bool colour_;
  std::string out_;
};

// Columns, not bytes: colours inside `text` are not counted.
std::size_t shown_columns(std::string_view text);
std::string padded(std::string_view text, std::size_t width);         // spaces on the right
std::string right_aligned(std::string_view text, std::size_t width);  // spaces on the left
// At most `width` columns of a safe text without colours, "…" where something was left out.
std::string fit(std::string_view text, std::size_t width);
std::string fit_path(std::string_view text, std::size_t width);  // keeps the end
std::string grouped(std::uint64_t number);                       // 12,345
std::string counted(std::uint64_t number, std::string_view one, std::string_view many = {});

// The frame around both tables.
void draw_header(Canvas& canvas, const Report& report, const RenderOptions& options);
void draw_unknowns(Canvas& canvas, const Report& report);
void draw_notices(Canvas& canvas, const Report& report);

}  // namespace boltseal
