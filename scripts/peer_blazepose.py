#!/usr/bin/env python3
"""MediaPipe's BlazePose Full on the pictures that `genlock eval` hands to a peer.

usage: peer_blazepose.py FOLDER   reads FOLDER/pictures.json, writes FOLDER/poses.json

Its world landmarks (metres, hips in the middle, x right, y down, z away from the camera) become the 17 joints of
Human3.6M in millimetres, root-relative. Joints that it lacks are made from its own: spine and thorax from hips and
shoulders, the neck is the nose, as in the labels, and the top of the head lies half a neck above the ears.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("GLOG_minloglevel", "3")

import cv2
import mediapipe as mp
import numpy as np

POSE = mp.solutions.pose.PoseLandmark


def joints(landmarks):
    at = lambda *names: np.mean(
        [[landmarks[POSE[name]].x, landmarks[POSE[name]].y, landmarks[POSE[name]].z] for name in names], axis=0
    )
    hip = at("LEFT_HIP", "RIGHT_HIP")
    thorax = at("LEFT_SHOULDER", "RIGHT_SHOULDER")
    ears = at("LEFT_EAR", "RIGHT_EAR")
    all_joints = [
        hip,
        at("RIGHT_HIP"), at("RIGHT_KNEE"), at("RIGHT_ANKLE"),
        at("LEFT_HIP"), at("LEFT_KNEE"), at("LEFT_ANKLE"),
        (hip + thorax) / 2,
        thorax,
        at("NOSE"),
        ears + 0.5 * (ears - thorax),
        at("LEFT_SHOULDER"), at("LEFT_ELBOW"), at("LEFT_WRIST"),
        at("RIGHT_SHOULDER"), at("RIGHT_ELBOW"), at("RIGHT_WRIST"),
    ]
    return [((joint - hip) * 1000.0).round(2).tolist() for joint in all_joints]


def main(folder):
    listed = json.loads((folder / "pictures.json").read_text())
    poses = []
    with mp.solutions.pose.Pose(static_image_mode=True, model_complexity=1) as network:
        for picture in listed:
            rgb = cv2.cvtColor(cv2.imread(str(folder / picture["file"])), cv2.COLOR_BGR2RGB)
            found = network.process(rgb).pose_world_landmarks
            poses.append(joints(found.landmark) if found else None)
    (folder / "poses.json").write_text(json.dumps(poses))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
