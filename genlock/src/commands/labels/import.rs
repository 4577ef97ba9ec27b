//! Markers and a calibration to labels, by themselves or joined to a take, which shows whether they can be right.

use frame::CameraId;
use miette::{Context, IntoDiagnostic, bail, miette};
use pose::Labels;
use pose::labels::{ImportOptions, Imported, LabelledView};
use take::TakeReader;

use super::{motion, rig_geometry};
use crate::cli::{LabelsImportArgs, NamedCamera};

/// How far a picture may stand beside its instant, in parts of the time between two.
const MAX_BESIDE: f64 = 0.3;

pub fn run(args: &LabelsImportArgs) -> miette::Result<()> {
    let options = ImportOptions { up: args.up.map(Into::into), first: args.first, views: None };
    let labels = match &args.take {
        Some(folder) => {
            let take = TakeReader::open(folder).into_diagnostic()?;
            for_take(args, options, &take).wrap_err_with(|| format!("the labels do not fit {}", folder.display()))?
        }
        None => {
            let views = (!args.cameras.is_empty()).then(|| args.cameras.iter().map(view).collect::<Vec<_>>());
            import(args, ImportOptions { views: views.as_deref(), ..options })?
        }
    };
    labels.write(&args.out).into_diagnostic()?;
    let frames: usize = labels.cameras.iter().map(|camera| camera.frames.len()).sum();
    println!("{}: {frames} labels in {} views", args.out.display(), labels.cameras.len());
    Ok(())
}

fn view(named: &NamedCamera) -> LabelledView {
    LabelledView { name: named.name.clone(), calibrated: named.calibrated.clone(), pictures_px: None }
}

fn import(args: &LabelsImportArgs, options: ImportOptions<'_>) -> miette::Result<Labels> {
    let Imported { labels, remarks } =
        pose::labels::import(&args.markers, &args.calibration, options).into_diagnostic()?;
    remarks.iter().for_each(|remark| eprintln!("warning: {remark}"));
    Ok(labels)
}

/// Labels of the cameras of a take, checked against its pictures.
fn for_take(args: &LabelsImportArgs, options: ImportOptions<'_>, take: &TakeReader) -> miette::Result<Labels> {
    let info = |camera: usize| take.frame_info(CameraId(camera as u16), 0);
    let Some(source) = (0..take.cameras().len()).find_map(|camera| info(camera)?.source) else {
        bail!(
            "its pictures have no position in a source: labels are joined to takes that `genlock import videos` made"
        );
    };
    let views = views(args, take)?;
    (0..take.cameras().len()).try_for_each(|camera| not_resampled(take, camera))?;
    let mut labels = import(args, ImportOptions { views: Some(&views), ..options })?;
    if let Some(source_hz) = take.info().source_rate_hz {
        labels.check_rate(source_hz).map_err(|problem| miette!("{problem}"))?;
    }
    for (view, pictures_px) in labels.cameras.iter().zip(views.iter().map(|view| view.pictures_px)) {
        let Some(pictures_px) = pictures_px else { continue };
        view.check_size(pictures_px).map_err(|problem| miette!("{problem}"))?;
    }
    let beyond = cut(&mut labels, source.length);
    if labels.cameras.iter().all(|view| view.frames.is_empty()) {
        bail!(
            "all poses lie beyond the {} frames of its source; --first says which frame the first one is",
            source.length
        );
    }
    if beyond > 0 {
        eprintln!("warning: {beyond} instants lie beyond the {} frames of the source and get no label", source.length);
    }
    labels.provenance.source_frames = Some(source.length);
    motion::check(&labels, take)?;
    rig_geometry::check(args, take)?;
    Ok(labels)
}

/// The pictures of a resampled video stand beside the instants of its take, and poses by its frames belong to others.
fn not_resampled(take: &TakeReader, camera: usize) -> miette::Result<()> {
    let rate_hz = take.info().source_rate_hz.unwrap_or(take.info().trigger_rate_hz);
    let infos = (0..take.len(CameraId(camera as u16))).filter_map(|at| take.frame_info(CameraId(camera as u16), at));
    let mut stands = infos.filter_map(|info| Some((info.segment, info.exposure.ns, info.source?.index)));
    let Some((segment, begun_ns, first)) = stands.next() else { return Ok(()) };
    let beside_ms = stands.take_while(|stand| stand.0 == segment).map(|(_, at_ns, index)| {
        let due_ms = 1e3 * (f64::from(index) - f64::from(first)) / rate_hz;
        ((at_ns - begun_ns) as f64 / 1e6 - due_ms).abs()
    });
    let most_ms = beside_ms.fold(0.0, f64::max);
    if most_ms < MAX_BESIDE * 1e3 / rate_hz {
        return Ok(());
    }
    bail!(
        "its pictures of {} stand up to {most_ms:.0} ms beside its instants: the video was resampled, so its frames have other \
         numbers than those of the take; make the poses from videos of a constant rate",
        take.cameras()[camera]
    )
}

/// The take's cameras and which of the calibration they are: of the same name, unless the user said otherwise.
fn views(args: &LabelsImportArgs, take: &TakeReader) -> miette::Result<Vec<LabelledView>> {
    let size = |camera: usize| take.frame_info(CameraId(camera as u16), 0).map(|info| info.picture.size_px().into());
    let size_px = |calibrated: &str| {
        let named = args.cameras.iter().find(|named| named.calibrated == calibrated);
        let is = |camera: &String| match named {
            Some(named) => *camera == named.name,
            None => *camera == calibrated || footage::safe(calibrated).is_some_and(|safe| *safe == **camera),
        };
        size(take.cameras().iter().position(is)?)
    };
    let calibrated = pose::calibration::read_for(&args.calibration, &size_px).into_diagnostic()?;
    let calibrated: Vec<String> = calibrated.cameras.into_iter().map(|camera| camera.name).collect();
    if let Some(unknown) = args.cameras.iter().find(|named| !take.cameras().contains(&named.name)) {
        bail!("it has no camera {}; there are {}", unknown.name, take.cameras().join(", "));
    }
    let mut views = Vec::new();
    let mut missing = Vec::new();
    for (camera, name) in take.cameras().iter().enumerate() {
        let named = args.cameras.iter().find(|named| named.name == *name);
        let wanted = named.map(|named| &named.calibrated).or_else(|| called(&calibrated, name));
        if let Some(wanted) = wanted {
            views.push(LabelledView { name: name.clone(), calibrated: wanted.clone(), pictures_px: size(camera) });
        } else {
            missing.push(&**name);
        }
    }
    if views.is_empty() {
        bail!(
            "none of its cameras ({}) is in the calibration, which has {}; --camera NAME=CALIBRATED says which is which",
            take.cameras().join(", "),
            calibrated.join(", ")
        );
    }
    if !missing.is_empty() {
        eprintln!("warning: the calibration lacks {}, which get no labels", missing.join(", "));
    }
    let unused = calibrated.iter().filter(|name| views.iter().all(|view| view.calibrated != **name));
    let unused: Vec<&str> = unused.map(String::as_str).collect();
    if !unused.is_empty() {
        eprintln!("warning: the take lacks {} of the calibration", unused.join(", "));
    }
    Ok(views)
}

/// The one of these names that is a camera's, as it is or as imported videos have it, which are called by letters and
/// digits alone.
fn called<'a>(calibrated: &'a [String], camera: &str) -> Option<&'a String> {
    let imported = || calibrated.iter().filter(|name| footage::safe(name).is_some_and(|safe| *safe == *camera));
    calibrated.iter().find(|name| *name == camera).or_else(|| imported().next().filter(|_| imported().count() == 1))
}

/// Removes labels beyond the end of the source, and returns how many instants that were.
fn cut(labels: &mut Labels, length: u32) -> usize {
    let mut beyond = std::collections::BTreeSet::new();
    for view in &mut labels.cameras {
        let kept = view.frames.partition_point(|frame| frame.source_index < length);
        beyond.extend(view.frames.drain(kept..).map(|frame| frame.source_index));
    }
    labels.provenance.unlabelled.retain(|index| *index < length);
    beyond.len()
}
