// Shows progress and estimates the time left.
//
// SPDX-License-Identifier: Apache-2.0
#include "harness/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace varve::harness {
namespace {

size_t TerminalColumns() {
  winsize size = {};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string TimeLeft(std::optional<double> seconds) {
  const bool left = seconds.has_value() && *seconds > 0;
  return left ? fmt::format("  {} left", DurationText(*seconds)) : "";
}

}  // namespace

TimeEstimate::TimeEstimate(const Plan& plan)
    : point_of_trial_(plan.point_of_trial), points_(plan.points) {
  for (const size_t point : point_of_trial_) ++points_[point].left;
}

void TimeEstimate::TrialEnded(size_t trial, double seconds) {
  Point& point = points_[point_of_trial_[trial]];
  point.seconds += seconds;
  ++point.ended;
  --point.left;
}

void TimeEstimate::TrialGivenUp(size_t trial) { --points_[point_of_trial_[trial]].left; }

std::optional<double> TimeEstimate::SecondsLeft() const {
  double sum_of_means = 0;
  size_t known = 0;
  for (const Point& point : points_) {
    if (point.ended == 0) continue;
    sum_of_means += point.seconds / static_cast<double>(point.ended);
    ++known;
  }
  if (known == 0) return std::nullopt;
  const double usual = sum_of_means / static_cast<double>(known);
  double left = 0;
  for (const Point& point : points_) {
    const double each = point.ended > 0 ? point.seconds / static_cast<double>(point.ended) : usual;
    left += each * static_cast<double>(point.left);
  }
  return left;
}

std::string DurationText(double seconds) {
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 100) return fmt::format("{} s", whole);
  const long minutes = (whole + 59) / 60;
  if (minutes < 100) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string CountText(double count) {
  constexpr std::array<std::string_view, 5> kScales = {"", " K", " M", " G", " T"};
  size_t scale = 0;
  while (count >= 999.5 && scale + 1 < kScales.size()) {
    count /= 1000;
    ++scale;
  }
  if (scale == 0) return fmt::format("{:.0f}", count);
  const int decimals = count < 9.995 ? 2 : (count < 99.95 ? 1 : 0);
  return fmt::format("{:.{}f}{}", count, decimals, kScales[scale]);
}

std::string NanosecondsText(double nanoseconds) {
  if (nanoseconds < 1e3) return fmt::format("{:.3g} ns", nanoseconds);
  if (nanoseconds < 1e6) return fmt::format("{:.3g} µs", nanoseconds / 1e3);
  if (nanoseconds < 1e9) return fmt::format("{:.3g} ms", nanoseconds / 1e6);
  return fmt::format("{:.3g} s", nanoseconds / 1e9);
}

ProgressDisplay::ProgressDisplay(size_t trials, size_t finished)
    : terminal_(::isatty(STDERR_FILENO) == 1), trials_(trials), number_(finished) {}

ProgressDisplay::~ProgressDisplay() { Clear(); }

void ProgressDisplay::Clear() {
  if (line_shown_) fmt::print(stderr, "\r\x1b[K");
  line_shown_ = false;
}

void ProgressDisplay::Say(const std::string& line) {
  Clear();
  fmt::print(stderr, "{}\n", line);
  std::fflush(stderr);
}

void ProgressDisplay::Begin(const std::string& trial) {
  ++number_;
  trial_ = fmt::format("[{}/{}] {}", number_, trials_, trial);
}

void ProgressDisplay::Update(const TrialProgress& progress, std::optional<double> seconds_left) {
  if (!terminal_) return;
  std::string line =
      fmt::format("{}  {} {:.0f} %  {}/s  {}{}", trial_, progress.phase, progress.fraction * 100,
                  CountText(progress.operations_per_second), progress.tree, TimeLeft(seconds_left));
  const size_t columns = TerminalColumns() - 1;
  if (line.size() > columns) line.resize(columns);
  fmt::print(stderr, "\r{}\x1b[K", line);
  std::fflush(stderr);
  line_shown_ = true;
}

void ProgressDisplay::End(const std::string& outcome, std::optional<double> seconds_left) {
  Say(fmt::format("{}: {}{}", trial_, outcome, TimeLeft(seconds_left)));
}

}  // namespace varve::harness
