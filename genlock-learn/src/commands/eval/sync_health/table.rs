//! The figures as a table.

use super::Row;

/// One line for each limit and size of slip, then the errors of shifts.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:>5} {:>6}  {:>6} {:>6} {:>6}  {:>5} {:>5}  {:>7} {:>7}  {:>8} {:>8} {:>6}\n",
        "Hz", "sigmas", "hours", "moving", "false", "slip", "made", "half in", "9/10 in", "in 10 s", "in 60 s", "wrong"
    );
    let seconds = |of: Option<f64>| of.map_or("-".to_owned(), |seconds| format!("{seconds:.0} s"));
    for row in rows {
        for slip in &row.slips {
            let share = |count: usize| format!("{:.0} %", 100.0 * count as f64 / slip.made.max(1) as f64);
            text += &format!(
                "{:>5.1} {:>6.1}  {:>6.2} {:>6.2} {:>6}  {:>5} {:>5}  {:>7} {:>7}  {:>8} {:>8} {:>6}\n",
                row.rate_hz,
                row.slipped_sigmas,
                row.hours,
                row.usable_hours,
                row.false_alarms,
                slip.frames,
                slip.made,
                seconds(slip.median_s),
                seconds(slip.nine_of_ten_s),
                share(slip.found_within_10_s),
                share(slip.found_within_60_s),
                slip.wrong_camera,
            );
        }
    }
    let frames = |of: Option<f64>| of.map_or("-".to_owned(), |frames| format!("{frames:.2}"));
    text += "errors of shifts, in frames (half within, nine of ten within; half state less than):\n";
    for error in rows.first().iter().flat_map(|row| &row.errors) {
        text += &format!(
            "{:>4} s  {:>6} {:>6}  {:>6}  of {}\n",
            error.footage_s,
            frames(error.median),
            frames(error.nine_of_ten),
            frames(error.stated_median),
            error.cameras
        );
    }
    text
}
