//! Aligned tables of figures.

/// One figure and its context.
pub struct Row {
    pub what: String,
    pub figure: String,
    /// Empty if there is no aim.
    pub aim: &'static str,
    /// What limits the figure.
    pub bounded_by: &'static str,
}

impl Row {
    /// Of what needs the finder of joints and the footage, where one of them is not there.
    pub fn without_finder_or_footage(what: &str) -> Self {
        let figure = "not measured: GENLOCK_FINDER and GENLOCK_FOOTAGE name no folders".to_owned();
        Self { what: what.to_owned(), figure, aim: "", bounded_by: "" }
    }
}

/// Formats all rows below a heading, with columns as wide as their widest cell.
pub fn render(rows: &[Row]) -> String {
    let heading = ["measurement", "figure", "aim", "bounded by"].map(str::to_owned);
    let mut cells = vec![heading];
    cells.extend(rows.iter().map(|row| {
        let aim = if row.aim.is_empty() { "-" } else { row.aim };
        [row.what.clone(), row.figure.clone(), aim.to_owned(), row.bounded_by.to_owned()]
    }));
    let widths: [usize; 4] =
        std::array::from_fn(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let rule = widths.map(|width| "-".repeat(width));
    cells.insert(1, rule);
    let line = |row: &[String; 4]| {
        let padded: [String; 4] = std::array::from_fn(|column| format!("{:<1$}", row[column], widths[column]));
        padded.join("  ").trim_end().to_owned()
    };
    cells.iter().map(line).collect::<Vec<_>>().join("\n")
}
