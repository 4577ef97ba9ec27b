//! One file for each command.

mod ask;
pub mod background;
pub mod cameras;
pub mod capture;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod hand_over;
pub mod import;
pub mod inspect;
pub mod labels;
mod live;
pub mod metrics;
pub mod rig;
pub mod run;
pub mod sync_offset;
pub mod t_pose;
