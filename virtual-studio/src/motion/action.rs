//! The action of a clip, from its name.

/// Actions by subject, from the index of the CMU database, which numbers its clips by subject.
const CMU: [(&str, &str); 40] = [
    ("01_01", "playground"),
    ("02_02", "walk"),
    ("02_03", "run"),
    ("02_04", "jump"),
    ("02_05", "punch"),
    ("02_06", "bend"),
    ("02_07", "sword"),
    ("02_08", "sword"),
    ("03", "walk"),
    ("05", "dance"),
    ("06", "basketball"),
    ("07", "walk"),
    ("08", "walk"),
    ("09_12", "walk"),
    ("09", "run"),
    ("13_01", "sit"),
    ("13_07", "drink"),
    ("13_08", "drink"),
    ("13_09", "drink"),
    ("13_10", "reach"),
    ("13_13", "jump"),
    ("13_14", "laugh"),
    ("13_16", "laugh"),
    ("13_30", "exercise"),
    ("13_33", "climb"),
    ("13_34", "climb"),
    ("13_35", "climb"),
    ("13_36", "climb"),
    ("13_37", "climb"),
    ("13_38", "climb"),
    ("13_40", "jump"),
    ("13_41", "jump"),
    ("14_04", "drink"),
    ("14_07", "reach"),
    ("14_1", "laugh"),
    ("14_27", "sit"),
    ("14_30", "sit"),
    ("14_31", "sit"),
    ("14_32", "sit"),
    ("14_37", "drink"),
];

/// Synonyms.
const SAME: [(&str, &str); 9] = [
    ("walking", "walk"),
    ("running", "run"),
    ("jog", "run"),
    ("jumping", "jump"),
    ("dance spin", "dance"),
    ("zombie walk", "zombie"),
    ("stealthy walk", "sneak"),
    ("spinkick", "kick"),
    ("getup facedown", "get up"),
];

/// The action: for `subject_clip` numbers that of the CMU database, else the name without its numbers and without words
/// for the origin of the clip (`train_walking_extra_15` is a walk).
pub fn of_name(name: &str) -> String {
    if is_numbered(name) {
        let known = CMU.iter().find(|(prefix, _)| name.starts_with(prefix));
        return match known {
            Some((_, action)) => (*action).to_owned(),
            None if name.starts_with("14") => "climb".to_owned(),
            None => name.to_owned(),
        };
    }
    let is_word = |word: &&str| word.len() > 1 && !matches!(*word, "train" | "test" | "long" | "extra");
    let words = name.split('_').map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit())).filter(is_word);
    let action = words.collect::<Vec<_>>().join(" ");
    SAME.iter().find(|(word, _)| *word == action).map_or(action, |(_, same)| (*same).to_owned())
}

/// Whether a name is from the CMU database, such as `13_07`.
fn is_numbered(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.split_once('_').is_some_and(|(subject, clip)| is_number(subject) && is_number(clip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_read_from_names() {
        let cases = [
            ("train_walking_extra_15", "walk"),
            ("train_basketball_signal_2", "basketball signal"),
            ("09_03", "run"),
            ("09_12", "walk"),
            ("14_18", "laugh"),
            ("14_35", "climb"),
            ("long_walk1", "walk"),
            ("dance_a", "dance"),
            ("backflip", "backflip"),
            ("99_01", "99_01"),
        ];
        for (name, action) in cases {
            assert_eq!(of_name(name), action, "{name}");
        }
        assert!(is_numbered("13_07") && !is_numbered("dance_a"));
    }
}
