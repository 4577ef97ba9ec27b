//! Finds the joints in one picture (binary PPM) and prints them in the format of `footage`. usage: still FILES MODEL
//! PPM
use joints::{BlazePose, FinderFiles, JointFinder, Model, View};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [files, model, picture] = words.as_slice() else { return Err("see the usage".into()) };
    let model = Model::ALL.into_iter().find(|known| known.name() == model).ok_or("no such model")?;
    let mut finder = BlazePose::new(&FinderFiles::find(files)?, model, 1, 1)?;
    let bytes = std::fs::read(picture)?;
    let mut head = bytes.splitn(4, |&byte| byte == b'\n');
    head.next();
    let size = String::from_utf8(head.next().ok_or("no size")?.to_vec())?;
    head.next();
    let rgb = head.next().ok_or("no pixels")?;
    let (width, height) = size.split_once(' ').ok_or("no size")?;
    let view =
        View { rgb, width: width.parse()?, height: height.parse()?, origin_px: [0.0; 2], scale: 1.0, mask: None };
    for (landmark, joint) in finder.find(&[Some(view)])?.into_iter().flatten().flat_map(|p| p.joints).enumerate() {
        let ([x, y], [a, b, c]) = (joint.px, joint.mm);
        println!("0 0 {landmark} {x} {y} {} {a} {b} {c}", joint.confidence);
    }
    Ok(())
}
