//! Recipes of streams: the shipped one, and what is wrong with others.

use std::path::Path;

use recipe::{Keep, Pace, Served, StreamRecipe};

const TWO: &str = r#"
title = "two"
seeds = [3, 5]
[base]
crop-px = 32
buffer = { places = 2 }
[[session]]
name = "1"
people = ["a"]
environments = ["x"]
[[session]]
name = "2"
people = ["b"]
environments = ["x"]
[[arm]]
name = "newest"
what = "the newest"
[[arm]]
name = "alike"
what = "the least alike"
set = ["buffer.keep=least-redundant"]
seeds = [5]
"#;

fn error(text: &str, words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    let path = Path::new("s.toml");
    let planned = StreamRecipe::parse(text, path, &words).and_then(|recipe| recipe.plan(path).map(drop));
    planned.map_err(|error| error.to_string()).err().unwrap_or_default()
}

#[test]
fn the_shipped_stream_compares_three_ways() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../recipes/stream.toml");
    let recipe = StreamRecipe::load(&path, &[]).unwrap();
    let arms = recipe.plan(&path).unwrap();
    assert_eq!((recipe.session.len(), recipe.seeds.len(), arms.len()), (4, 3, 3));
    let [plain, newest, least] = [0, 1, 2].map(|arm: usize| arms[arm].recipes[0].clone());
    assert_eq!((plain.buffer.keep, plain.buffer.moments), (Keep::Newest, 16));
    assert_eq!((newest.buffer.keep, least.buffer.keep), (Keep::Newest, Keep::LeastRedundant));
    // The two buffers differ in nothing else.
    let mut alike = newest.clone();
    alike.buffer.keep = Keep::LeastRedundant;
    assert_eq!(alike, least);
    assert_eq!(newest.buffer.steps, Pace::PerMoment(0.25));
    assert!(matches!(newest.served, Served::Average { .. }));
    assert_eq!((newest.hold_out.block, newest.hold_out.live.block_ms), (0, 0));
}

#[test]
fn arms_are_the_base_with_their_own_words() {
    let recipe = StreamRecipe::parse(TWO, Path::new("s.toml"), &["base.width=8".to_owned()]).unwrap();
    let arms = recipe.plan(Path::new("s.toml")).unwrap();
    let seeds = |arm: usize| arms[arm].recipes.iter().map(|recipe| recipe.seed).collect::<Vec<_>>();
    assert_eq!((seeds(0), seeds(1)), (vec![3, 5], vec![5]));
    assert!(arms.iter().flat_map(|arm| &arm.recipes).all(|recipe| recipe.width == 8 && recipe.crop_px == 32));
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(error(TWO, &[]), "");
    for (words, part) in [
        (&["base.buffer.places=0"][..], "buffer.places"),
        (&["base.buffer.places=17"], "buffer.places"),
        (&["measured.compared-ms=123.0"], "measured.compared-ms"),
        (&["measured.held-back=1"], "measured.held-back"),
        (&["seeds=[3, 3]"], "seeds"),
        (&["seeds=[3]"], "arm.seeds"),
        (&["base.buffer.steps={ per-moment = 0.0 }"], "buffer.steps"),
        (&["base.served={ average = { decay = 1.0 } }"], "served.average.decay"),
        (&["base.buffer.least-motion=2.0"], "buffer.least-motion"),
    ] {
        let error = error(TWO, words);
        assert!(error.contains(part), "{words:?}: {error}");
    }
    assert!(error(&TWO.replace("\"2\"", "\"1\""), &[]).contains("session"));
    assert!(error(&TWO.replace("\"alike\"", "\"newest\""), &[]).contains("arm.name"));
}
