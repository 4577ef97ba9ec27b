//! Progress bars.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on stderr; hidden if that is not a terminal.
pub fn bar(what: &'static str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:>22} {bar:40} {pos}/{len} {eta}").unwrap_or_else(|_| {
        // Only a malformed template fails; then the default bar is used.
        ProgressStyle::default_bar()
    });
    let bar = ProgressBar::new(length).with_style(style).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A bar on stderr over the pictures of several trainings; its prefix names the present one.
pub fn overall() -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:>24} {bar:40} {human_pos}/{human_len} pictures, {eta} left");
    // As above.
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
