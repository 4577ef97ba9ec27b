use geometry::{Observation, Selection};

/// How many instants the geometry is found from.
const INSTANTS: usize = 60;
/// How many instants say where up and the floor are.
const STANDING: usize = 400;

type Views = Vec<Option<Observation>>;

/// What is kept of a stream to find the rig's geometry from: instants that look different from one another, and evenly
/// spread ones.
#[derive(Clone, Debug)]
pub struct Memory {
    sizes_px: Vec<[f64; 2]>,
    varied: Selection,
    standing: Vec<Views>,
    /// One of so many instants is kept in `standing`.
    stride: u64,
    offered: u64,
    /// Varied instants that came in since the last look, and how many had been offered then.
    news: usize,
    offered_then: u64,
}

impl Memory {
    pub fn new(cameras: usize) -> Self {
        let sizes_px = vec![[0.0; 2]; cameras];
        let varied = Selection::new(&sizes_px, INSTANTS);
        Self { sizes_px, varied, standing: Vec::new(), stride: 1, offered: 0, news: 0, offered_then: 0 }
    }

    pub fn sizes_px(&self) -> &[[f64; 2]] {
        &self.sizes_px
    }

    /// Says how large a camera's pictures are. What was kept of it with another size is forgotten.
    pub fn set_size(&mut self, camera: usize, size_px: [f64; 2]) {
        if self.sizes_px[camera] != size_px {
            let was_known = self.sizes_px[camera][0] > 0.0;
            self.sizes_px[camera] = size_px;
            if was_known { self.forget_camera(camera) } else { self.rebuild(self.varied.instants()) }
        }
    }

    pub fn offer(&mut self, views: &Views) {
        if views.iter().flatten().count() < 2 {
            return;
        }
        if self.offered.is_multiple_of(self.stride) {
            if self.standing.len() == STANDING {
                let mut at = 0;
                self.standing.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.stride *= 2;
            }
            self.standing.push(views.clone());
        }
        self.news += usize::from(self.varied.offer(self.offered, views));
        self.offered += 1;
    }

    /// How many varied instants are kept.
    pub fn len(&self) -> usize {
        self.varied.len()
    }

    /// Of those, how many are new since [`Self::looked_at`].
    pub fn news(&self) -> usize {
        self.news
    }

    /// Whether twice as many instants came in by now: where few look different, more of them still average out errors, and
    /// somebody may have stood upright.
    pub fn has_doubled(&self) -> bool {
        self.offered >= 2 * self.offered_then
    }

    pub fn looked_at(&mut self) {
        (self.news, self.offered_then) = (0, self.offered);
    }

    /// The varied instants, and where there are few, further ones, which still average out the finder's errors.
    pub fn instants(&self) -> Vec<Views> {
        let mut instants = self.varied.instants();
        let wanted = INSTANTS.saturating_sub(instants.len());
        let every = self.standing.len().div_ceil(wanted.max(1)).max(1);
        instants.extend(self.standing.iter().step_by(every).take(wanted).cloned());
        instants
    }

    pub fn standing(&self) -> &[Views] {
        &self.standing
    }

    /// What a camera saw so far is of no use: it stands elsewhere.
    pub fn forget_camera(&mut self, camera: usize) {
        let without = |mut views: Views| {
            views[camera] = None;
            views
        };
        self.standing = std::mem::take(&mut self.standing).into_iter().map(without).collect();
        self.standing.retain(|views| views.iter().flatten().count() >= 2);
        self.rebuild(self.varied.instants().into_iter().map(without).collect());
    }

    pub fn forget(&mut self) {
        let sizes_px = std::mem::take(&mut self.sizes_px);
        let varied = Selection::new(&sizes_px, INSTANTS);
        *self = Self { sizes_px, varied, ..Self::new(0) };
    }

    fn rebuild(&mut self, instants: Vec<Views>) {
        self.varied = Selection::new(&self.sizes_px, INSTANTS);
        for (name, views) in instants.iter().enumerate() {
            self.varied.offer(name as u64, views);
        }
    }
}
