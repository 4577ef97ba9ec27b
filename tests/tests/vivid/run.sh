# What happens in the emulated machine. Each capture leaves its report, its log and its take in out/.

control() { # CAMERA NAME VALUE
    v4l2-control "/dev/video$1" "$2" "$3" || echo "== camera $1 was not set: $2"
}
stamp_the_start() { for camera in 0 1 2 3; do control $camera "Timestamp Source" "$1"; done; }
capture() { # NAME SECONDS
    RUST_LOG=info,genlock=debug genlock capture "$1.toml" --seconds "$2" \
        --record "out/$1" --report "out/$1.json" 2>"out/$1.log" || echo "== $1 failed"
}

genlock cameras >out/cameras.txt
stamp_the_start 1
control 1 "Percentage of Dropped Buffers" 30
for driver in nokhwa v4l2; do conformance $driver /dev/video1; done >out/conformance.log 2>&1
control 1 "Percentage of Dropped Buffers" 0

capture nokhwa 8 &
sleep 4
control 3 Disconnect 1
wait
capture nokhwa-refused 1

capture v4l2 5

stamp_the_start 0
capture early-stamps 2
stamp_the_start 1

capture refused 2
capture rate 1
capture pulses 1
# Where everybody may write, by somebody who may not open cameras.
cp forbidden.toml /tmp && mkdir -m 777 /tmp/forbidden
(cd /tmp && su nobody -c "genlock capture forbidden.toml --seconds 1 --record forbidden --report forbidden/report.json")
cp /tmp/forbidden/report.json out/forbidden.json

control 1 "Wrap Sequence Number" 1
capture faults 11 &
sleep 3
control 0 "Percentage of Dropped Buffers" 50
control 2 "Inject V4L2_BUF_FLAG_ERROR" 1
sleep 1
control 2 "Inject V4L2_BUF_FLAG_ERROR" 1
sleep 1
control 0 "Percentage of Dropped Buffers" 0
control 3 Disconnect 1
sleep 2
control 2 "Inject Fatal Streaming Error" 1
wait
