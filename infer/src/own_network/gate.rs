//! Decides whether the rig's own network serves in place of the finder of joints.

use transport::Serving;

use crate::rig::upper_median;

/// The fewest held-back instants for a decision.
const MIN_INSTANTS: usize = 20;
/// How many times cheaper than the finder the own network must be.
const CHEAPER: f64 = 3.0;
/// How long the own network must be worse before the finder serves again, in nanoseconds.
const WORSE_NS: i64 = 10_000_000_000;
/// The share of this time's looks in which it must be worse, so that a single good one does not keep it.
const WORSE_SHARE: f64 = 0.8;
/// The fewest looks of the finder in this time for such a decision.
const MIN_LOOKS: usize = 5;
/// While it serves, the own network counts as worse beyond this many times the finder's error with half of its views. The
/// margin keeps a network that is just good enough from being exchanged again and again.
const MARGIN: f64 = 1.25;

/// What was measured of both networks: medians over instants.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    pub instants: usize,
    /// Between bodies by the own network and by the finder, in millimetres.
    pub own_mm: Option<f64>,
    /// Error of the finder with half of its views, or with its smaller network, in millimetres.
    pub finder_mm: Option<f64>,
    /// Processor time of one set, in milliseconds.
    pub own_cpu_ms: Option<f64>,
    pub finder_cpu_ms: Option<f64>,
}

impl Figures {
    /// Whether the own network has earned to serve, and what decided.
    pub fn opens(&self) -> (bool, String) {
        let Figures { instants, own_mm, finder_mm, own_cpu_ms, finder_cpu_ms } = *self;
        if instants < MIN_INSTANTS {
            return (false, format!("{instants} of {MIN_INSTANTS} held-back instants with bodies"));
        }
        let (Some(own_mm), Some(finder_mm)) = (own_mm, finder_mm) else {
            return (false, "too few views to tell how far the finder is off with half of them".into());
        };
        let (Some(own_ms), Some(finder_ms)) = (own_cpu_ms, finder_cpu_ms) else {
            return (false, "the cost of a set is not measured yet".into());
        };
        let differ = format!(
            "its bodies differ from the finder's by {own_mm:.0} mm, which is off by {finder_mm:.0} mm with half of its views"
        );
        let cost = format!("it takes {own_ms:.0} ms a set, the finder {finder_ms:.0} ms");
        let good = own_mm <= finder_mm && own_ms * CHEAPER <= finder_ms;
        (good, format!("{differ}; {cost}"))
    }
}

/// One look of the finder while the own network serves.
#[derive(Clone, Copy, Debug)]
struct Look {
    at_ns: i64,
    /// Infinite if only the finder has a body.
    own_mm: f64,
    finder_mm: Option<f64>,
}

/// Which network serves.
#[derive(Debug, Default)]
pub struct Gate {
    serving: Serving,
    looks: Vec<Look>,
    /// The median error of the finder with half of its views when the gate opened.
    finder_mm: f64,
    /// The version of the network that was worse; only another one may serve.
    failed: Option<String>,
    pub switches: u64,
}

impl Gate {
    pub fn serving(&self) -> Serving {
        self.serving
    }

    /// Opens, or stays open for a newer network, if the network of this version has earned it. Returns what decided, if
    /// it serves from now on.
    pub fn consider(&mut self, version: &str, figures: &Figures) -> Option<String> {
        if self.failed.as_deref() == Some(version) {
            return None;
        }
        let (opens, why) = figures.opens();
        if !opens {
            return None;
        }
        self.switches += u64::from(self.serving == Serving::Finder);
        self.serving = Serving::OwnNetwork;
        self.finder_mm = figures.finder_mm.unwrap_or(0.0);
        // They were of the network before.
        self.looks.clear();
        Some(why)
    }

    /// Takes a look of the finder while the network of this version serves. Returns what decided, if the finder serves
    /// again.
    pub fn look(&mut self, version: &str, at_ns: i64, own_mm: Option<f64>, finder_mm: Option<f64>) -> Option<String> {
        self.looks.retain(|look| (0..=WORSE_NS).contains(&(at_ns - look.at_ns)));
        self.looks.push(Look { at_ns, own_mm: own_mm.unwrap_or(f64::INFINITY), finder_mm });
        let covers = self.looks.first().is_some_and(|first| at_ns - first.at_ns >= WORSE_NS * 4 / 5);
        if !covers || self.looks.len() < MIN_LOOKS {
            return None;
        }
        let own_mm = upper_median(self.looks.iter().map(|look| look.own_mm).collect())?;
        let finder_mm =
            upper_median(self.looks.iter().filter_map(|look| look.finder_mm).collect()).unwrap_or(self.finder_mm);
        let limit_mm = MARGIN * finder_mm.max(self.finder_mm);
        let worse = self.looks.iter().filter(|look| look.own_mm > limit_mm).count();
        if (worse as f64) < WORSE_SHARE * self.looks.len() as f64 {
            return None;
        }
        self.failed = Some(version.to_owned());
        let own = if own_mm.is_finite() {
            format!("differ from the finder's by {own_mm:.0} mm")
        } else {
            "are missing".into()
        };
        self.close();
        Some(format!(
            "its bodies {own}, which is off by {finder_mm:.0} mm with half of its views, over {} s",
            WORSE_NS / 1_000_000_000
        ))
    }

    /// The finder serves from now on, whatever the reason.
    pub fn close(&mut self) {
        if self.serving == Serving::OwnNetwork {
            self.switches += 1;
        }
        self.serving = Serving::Finder;
        self.looks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Figures = Figures {
        instants: 20,
        own_mm: Some(50.0),
        finder_mm: Some(50.0),
        own_cpu_ms: Some(40.0),
        finder_cpu_ms: Some(120.0),
    };
    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn it_opens_for_a_network_that_is_as_good_and_three_times_cheaper() {
        assert!(GOOD.opens().0);
        assert!(!Figures { instants: 19, ..GOOD }.opens().0);
        assert!(!Figures { own_mm: Some(50.1), ..GOOD }.opens().0);
        assert!(!Figures { own_cpu_ms: Some(40.1), ..GOOD }.opens().0);
        assert!(!Figures { finder_mm: None, ..GOOD }.opens().0);
        let mut gate = Gate::default();
        assert!(gate.consider("a", &GOOD).is_some());
        assert_eq!((gate.serving(), gate.switches), (Serving::OwnNetwork, 1));
        // A newer one that is as good takes its place.
        assert!(gate.consider("b", &Figures { own_mm: Some(60.0), ..GOOD }).is_none());
        assert!(gate.consider("b", &GOOD).is_some());
        assert_eq!((gate.serving(), gate.switches), (Serving::OwnNetwork, 1));
    }

    #[test]
    fn ten_bad_seconds_give_the_finder_back_and_only_another_network_gets_another_try() {
        let mut gate = Gate::default();
        gate.consider("a", &GOOD);
        // A bad second among good ones changes nothing.
        for second in 0..20 {
            let own_mm = if second == 7 { 500.0 } else { 55.0 };
            assert!(gate.look("a", second * SECOND, Some(own_mm), Some(48.0)).is_none());
        }
        let closed = (20..40).find(|second| gate.look("a", second * SECOND, Some(90.0), Some(48.0)).is_some());
        assert!(closed.is_some_and(|second| (24..=31).contains(&second)), "{closed:?}");
        assert_eq!((gate.serving(), gate.switches), (Serving::Finder, 2));
        assert!(gate.consider("a", &GOOD).is_none());
        assert!(gate.consider("b", &GOOD).is_some());
    }

    #[test]
    fn bodies_that_only_the_finder_has_count_against_the_network() {
        let mut gate = Gate::default();
        gate.consider("a", &GOOD);
        let closed = (0..12).find_map(|second| gate.look("a", second * SECOND, None, Some(48.0)));
        assert!(closed.is_some_and(|why| why.contains("missing")));
    }

    #[test]
    fn a_pause_of_the_finder_closes_nothing() {
        let mut gate = Gate::default();
        gate.consider("a", &GOOD);
        for second in [0, 1, 60, 120, 180] {
            assert!(gate.look("a", second * SECOND, Some(90.0), Some(48.0)).is_none());
        }
    }
}
