//! The BVH format: a hierarchy of joints with offsets, then one line of channel values for each frame.

use std::path::Path;

use glam::{DQuat, DVec3};

use crate::AssetError;

/// A joint, or an end site.
#[derive(Clone, Debug, PartialEq)]
pub struct BvhJoint {
    /// Empty for an end site.
    pub name: String,
    /// Index among [`Bvh::joints`], smaller than the joint's own.
    pub parent: Option<usize>,
    /// Offset from the parent at rest, in the file's unit.
    pub offset: DVec3,
    /// In the order of the file.
    channels: Vec<Channel>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Channel {
    Position(DVec3),
    Rotation(DVec3),
}

/// A file's hierarchy and frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Bvh {
    pub joints: Vec<BvhJoint>,
    pub frame_time_s: f64,
    frames: usize,
    /// `frames × channels of all joints`.
    values: Vec<f64>,
}

/// Maximum number of frames in a header: a day at 120 a second.
const MAX_FRAMES: usize = 86_400 * 120;

impl Bvh {
    /// # Errors
    /// The file cannot be read, or is not a BVH file; the error names line and joint.
    pub fn load(path: &Path) -> Result<Self, AssetError> {
        let text = std::fs::read_to_string(path).map_err(AssetError::io(path))?;
        Self::parse(&text, path)
    }

    /// # Errors
    /// The text is not BVH; `path` names it in the error.
    pub fn parse(text: &str, path: &Path) -> Result<Self, AssetError> {
        let mut lines = Lines { path, lines: text.lines(), number: 0 };
        let joints = hierarchy(&mut lines)?;
        let (frames, frame_time_s) = motion_header(&mut lines)?;
        let channels: usize = joints.iter().map(|joint| joint.channels.len()).sum();
        let mut values = Vec::new();
        for frame in 0..frames {
            let Some(words) = lines.words() else {
                return Err(lines.error(None, format!("the file ends before frame {frame} of {frames}")));
            };
            let before = values.len();
            for word in words {
                let value: f64 = word.parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(|| {
                    let joint = joint_of_channel(&joints, values.len() - before);
                    lines.error(joint, format!("frame {frame}: {word:?} is no number"))
                })?;
                values.push(value);
            }
            let found = values.len() - before;
            if found != channels {
                let joint = (found < channels).then(|| joint_of_channel(&joints, found)).flatten();
                return Err(lines.error(joint, format!("frame {frame}: {found} of {channels} values")));
            }
        }
        Ok(Self { joints, frame_time_s, frames, values })
    }

    pub fn frames(&self) -> usize {
        self.frames
    }

    pub fn duration_s(&self) -> f64 {
        (self.frames - 1) as f64 * self.frame_time_s
    }

    pub fn joint(&self, name: &str) -> Option<usize> {
        self.joints.iter().position(|joint| joint.name == name)
    }

    /// Position of each joint at rest, with the root at its offset.
    pub fn rest(&self) -> Vec<DVec3> {
        let mut at: Vec<DVec3> = Vec::with_capacity(self.joints.len());
        for joint in &self.joints {
            at.push(joint.parent.map_or(DVec3::ZERO, |parent| at[parent]) + joint.offset);
        }
        at
    }

    /// World rotation and position of each joint in one frame. Only the root's position channels are used.
    pub fn frame(&self, frame: usize) -> Vec<(DQuat, DVec3)> {
        let channels = self.values.len() / self.frames;
        let mut values = self.values[frame * channels..(frame + 1) * channels].iter();
        let mut world: Vec<(DQuat, DVec3)> = Vec::with_capacity(self.joints.len());
        for joint in &self.joints {
            let (mut rotation, mut position) = (DQuat::IDENTITY, DVec3::ZERO);
            for (channel, &value) in joint.channels.iter().zip(&mut values) {
                match *channel {
                    Channel::Position(axis) => position += axis * value,
                    Channel::Rotation(axis) => rotation *= DQuat::from_axis_angle(axis, value.to_radians()),
                }
            }
            world.push(match joint.parent.map(|parent| world[parent]) {
                Some((turned, at)) => ((turned * rotation).normalize(), at + turned * joint.offset),
                None => (rotation.normalize(), joint.offset + position),
            });
        }
        world
    }
}

fn joint_of_channel(joints: &[BvhJoint], channel: usize) -> Option<&BvhJoint> {
    let mut first = 0;
    joints.iter().find(|joint| {
        first += joint.channels.len();
        channel < first
    })
}

fn hierarchy(lines: &mut Lines<'_>) -> Result<Vec<BvhJoint>, AssetError> {
    lines.expect("HIERARCHY")?;
    let mut joints: Vec<BvhJoint> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    loop {
        let words = lines.line()?;
        let current = open.last().map(|&index| joints[index].clone());
        match *words {
            ["ROOT", ..] if !joints.is_empty() => return Err(lines.error(None, "a second ROOT; one body is expected")),
            [kind @ ("ROOT" | "JOINT"), name] if (kind == "ROOT") == open.is_empty() => {
                if joints.iter().any(|joint| joint.name == name) {
                    return Err(lines.error(None, format!("joint {name} occurs twice")));
                }
                open_joint(lines, name, &mut joints, &mut open)?;
            }
            ["End", "Site"] if current.is_some() => open_joint(lines, "", &mut joints, &mut open)?,
            ["OFFSET", ref numbers @ ..] if current.is_some() => {
                let numbers: Option<Vec<f64>> = numbers.iter().map(|word| word.parse().ok()).collect();
                let offset = numbers.and_then(|numbers| <[f64; 3]>::try_from(numbers).ok()).map(DVec3::from_array);
                let offset = offset.filter(|offset| offset.is_finite());
                joints[open[open.len() - 1]].offset =
                    offset.ok_or_else(|| lines.error(current.as_ref(), "OFFSET needs three numbers"))?;
            }
            ["CHANNELS", count, ref names @ ..] if current.is_some() => {
                let channels: Option<Vec<Channel>> = names.iter().map(|name| channel(name)).collect();
                let channels = channels.filter(|channels| count.parse() == Ok(channels.len()));
                joints[open[open.len() - 1]].channels = channels.ok_or_else(|| {
                    lines.error(current.as_ref(), "CHANNELS needs a number, and as many of Xposition … Zrotation")
                })?;
            }
            ["}"] if current.is_some() => {
                open.pop();
            }
            ["MOTION"] if open.is_empty() && !joints.is_empty() => return Ok(joints),
            _ => return Err(lines.error(current.as_ref(), format!("unexpected {:?}", words.join(" ")))),
        }
    }
}

fn open_joint(
    lines: &mut Lines<'_>,
    name: &str,
    joints: &mut Vec<BvhJoint>,
    open: &mut Vec<usize>,
) -> Result<(), AssetError> {
    let joint =
        BvhJoint { name: name.to_owned(), parent: open.last().copied(), offset: DVec3::ZERO, channels: Vec::new() };
    lines.expect("{")?;
    open.push(joints.len());
    joints.push(joint);
    Ok(())
}

fn channel(name: &str) -> Option<Channel> {
    let (axis, kind) = name.split_at_checked(1)?;
    let axis = match axis {
        "X" => DVec3::X,
        "Y" => DVec3::Y,
        "Z" => DVec3::Z,
        _ => return None,
    };
    match kind {
        "position" => Some(Channel::Position(axis)),
        "rotation" => Some(Channel::Rotation(axis)),
        _ => None,
    }
}

fn motion_header(lines: &mut Lines<'_>) -> Result<(usize, f64), AssetError> {
    let frames = match *lines.line()? {
        ["Frames:", count] => count.parse().ok().filter(|frames| (1..=MAX_FRAMES).contains(frames)),
        _ => None,
    };
    let frames = frames.ok_or_else(|| lines.error(None, "expected \"Frames:\" and a number above zero"))?;
    let time = match *lines.line()? {
        ["Frame", "Time:", seconds] => seconds.parse().ok().filter(|&time: &f64| time > 0.0 && time.is_finite()),
        _ => None,
    };
    Ok((frames, time.ok_or_else(|| lines.error(None, "expected \"Frame Time:\" and seconds above zero"))?))
}

/// Non-empty lines, split into words.
struct Lines<'a> {
    path: &'a Path,
    lines: std::str::Lines<'a>,
    number: usize,
}

impl<'a> Lines<'a> {
    fn words(&mut self) -> Option<Vec<&'a str>> {
        self.lines.by_ref().find_map(|line| {
            self.number += 1;
            let words: Vec<_> = line.split_whitespace().collect();
            (!words.is_empty()).then_some(words)
        })
    }

    fn line(&mut self) -> Result<Vec<&'a str>, AssetError> {
        self.words().ok_or_else(|| self.error(None, "the file ends here"))
    }

    fn expect(&mut self, word: &str) -> Result<(), AssetError> {
        let words = self.line()?;
        if words == [word] {
            Ok(())
        } else {
            Err(self.error(None, format!("expected {word:?}, not {:?}", words.join(" "))))
        }
    }

    fn error(&self, joint: Option<&BvhJoint>, problem: impl Into<String>) -> AssetError {
        let joint = joint.map(|joint| if joint.name.is_empty() { "(end site)".into() } else { joint.name.clone() });
        AssetError::Bvh { path: self.path.to_owned(), line: self.number, joint, problem: problem.into() }
    }
}
