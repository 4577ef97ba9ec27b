//! Rooms.

use glam::{Vec2, Vec3A};

use super::Pattern;

/// Four walls, floor and ceiling.
#[derive(Clone, Debug)]
pub struct Room {
    /// Of the floor, x and z, metres.
    pub centre: Vec2,
    /// Half its length along x and z.
    pub half: Vec2,
    pub height: f32,
    pub floor: Pattern,
    pub ceiling: Pattern,
    /// At +x, −x, +z and −z.
    pub walls: [Pattern; 4],
    /// Pictures, doors and windows.
    pub panels: Vec<Panel>,
}

/// A rectangle on a wall.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Index into [`Room::walls`].
    pub wall: usize,
    /// Corners along the wall and above the floor, metres.
    pub low: Vec2,
    pub high: Vec2,
    pub pattern: Pattern,
}

/// A hit: distance, normal, surface, and its pattern and position.
pub(super) type Meeting<'a> = (f32, Vec3A, u32, Option<(&'a Pattern, Vec2)>);

impl Room {
    /// The wall, floor or ceiling that a ray from inside hits.
    pub(super) fn meet(&self, origin: Vec3A, direction: Vec3A) -> Option<Meeting<'_>> {
        let middle = Vec3A::new(self.centre.x, 0.5 * self.height, self.centre.y);
        let half = Vec3A::new(self.half.x, 0.5 * self.height, self.half.y);
        let o = origin - middle;
        let times = (half.copysign(direction) - o) / direction;
        let axis = times.min_position();
        let t = times[axis];
        if !(t.is_finite() && t > 0.0) {
            return None;
        }
        let forward = direction[axis] > 0.0;
        let mut normal = Vec3A::ZERO;
        normal[axis] = if forward { -1.0 } else { 1.0 };
        let at = o + direction * t;
        if axis == 1 {
            let pattern = if forward { &self.ceiling } else { &self.floor };
            return Some((t, normal, 1 + u32::from(forward), Some((pattern, Vec2::new(at.x, at.z)))));
        }
        let wall = axis + usize::from(!forward);
        let place = Vec2::new(if axis == 0 { at.z } else { at.x }, at.y + half.y);
        let inside =
            |panel: &Panel| panel.wall == wall && place.cmpge(panel.low).all() && place.cmplt(panel.high).all();
        let (surface, pattern, place) = match self.panels.iter().enumerate().find(|(_, panel)| inside(panel)) {
            Some((index, panel)) => (16 + index as u32 % 48, &panel.pattern, place - panel.low),
            None => (4 + wall as u32, &self.walls[wall], place),
        };
        Some((t, normal, surface, Some((pattern, place))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_are_closed() {
        let wall = Pattern::plain(Vec3A::splat(0.4));
        let room = Room {
            centre: Vec2::new(1.0, 0.0),
            half: Vec2::new(4.0, 5.0),
            height: 3.0,
            floor: wall,
            ceiling: wall,
            walls: [wall; 4],
            panels: Vec::new(),
        };
        for i in 0..500 {
            let (y, flat) = (i as f32 * 0.618).sin_cos();
            let direction = Vec3A::new(flat * (i as f32).cos(), y, flat * (i as f32).sin());
            let (t, normal, ..) = room.meet(Vec3A::new(0.0, 1.0, 0.0), direction).unwrap();
            let at = Vec3A::new(0.0, 1.0, 0.0) + direction * t;
            assert!(normal.dot(direction) < 0.0);
            assert!(at.y > -1e-3 && at.y < 3.001 && (at.x - 1.0).abs() < 4.001 && at.z.abs() < 5.001, "{at}");
        }
    }
}
