//! Brightness and colours that are coded for HDR, as phones film by default.

mod common;

use common::{ffmpeg, import, pictures};

/// A grey of HDR reference white and below, and a colour, red, green and blue of 255.
const COLOURS: [[u8; 3]; 4] = [[64, 128, 192], [200, 120, 60], [128, 128, 128], [40, 40, 40]];
/// How far a colour may be off.
const OFF: u8 = 14;

#[test]
fn hdr_becomes_what_an_ordinary_video_shows() {
    let folder = tempfile::tempdir().unwrap();
    for transfer in ["arib-std-b67", "smpte2084"] {
        for [red, green, blue] in COLOURS {
            let name = format!("{transfer}-{red:02x}{green:02x}{blue:02x}");
            // From BT.709 to light, and to BT.2020 in ten bits.
            let filter = format!(
                "scale=66:48:out_color_matrix=bt709:out_range=tv,format=yuv444p,\
                 setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv,\
                 zscale=t=linear:npl=203,format=gbrpf32le,\
                 zscale=p=bt2020:t={transfer}:m=2020_ncl:r=tv:npl=203,format=yuv420p10le"
            );
            ffmpeg(
                folder.path(),
                &format!(
                    "-f lavfi -i color=c=0x{red:02x}{green:02x}{blue:02x}:s=66x48:r=30 -frames:v 4 -vf {filter} -c:v libx265 \
                     -x265-params log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc -color_primaries \
                     bt2020 -color_trc {transfer} -colorspace bt2020nc {name}.mp4"
                ),
            );
            let (remarks, take) =
                import(&[folder.path().join(format!("{name}.mp4"))], &folder.path().join(format!("take-{name}")))
                    .unwrap();
            assert!(remarks.iter().any(|remark| remark.contains("it is HDR")), "{remarks:?}");
            let picture = &pictures(&take, 0)[2];
            assert_eq!(picture.size_px, [66, 48]);
            let middle = 3 * (24 * 66 + 33);
            let found = &picture.bytes[middle..middle + 3];
            let off = found.iter().zip([red, green, blue]).map(|(found, wanted)| found.abs_diff(wanted)).max();
            assert!(off <= Some(OFF), "{name}: {found:?} for {:?}", [red, green, blue]);
        }
    }
}
