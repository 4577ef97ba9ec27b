//! Identifies the same person in several files.

/// The person in a file. Names of the VALID library end in sex, number and outfit (`White_M_3_Busi`), and the same
/// person may have several outfits. Any other name is a separate person.
pub fn identity(name: &str) -> &str {
    let mut from_the_end = name.rsplitn(4, '_');
    match (from_the_end.next(), from_the_end.next(), from_the_end.next(), from_the_end.next()) {
        (Some(outfit), Some(number), Some("F" | "M"), Some(_)) if number.bytes().all(|b| b.is_ascii_digit()) => {
            &name[..name.len() - outfit.len() - 1]
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outfit_makes_no_other_person() {
        assert_eq!(identity("White_M_3_Busi"), "White_M_3");
        assert_eq!(identity("X_NHPI_F_2_Medi"), "X_NHPI_F_2");
        assert_eq!(identity("my_own_scan"), "my_own_scan");
        assert_eq!(identity("a_b_F_d"), "a_b_F_d");
    }
}
