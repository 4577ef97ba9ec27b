"""Makes mediapipe.json: what MediaPipe itself finds in six frames of the example session, to compare with.

usage: make_fixture.py FOLDER_WITH_VIDEOS >mediapipe.json
needs: mediapipe 0.10.14, numpy < 2, opencv-python-headless
"""

import json
import pathlib
import sys

import cv2
import mediapipe

FRAMES = [("cam01", 5), ("cam01", 95), ("cam02", 30), ("cam03", 15), ("cam03", 50), ("cam04", 70)]
# Static: the detector looks at every picture. Full is complexity 1.
pose = mediapipe.solutions.pose.Pose(static_image_mode=True, model_complexity=1, min_detection_confidence=0.3)
pictures = []
for camera, index in FRAMES:
    video = cv2.VideoCapture(str(pathlib.Path(sys.argv[1], f"{camera}.mp4")))
    for _ in range(index + 1):
        _, picture = video.read()
    height, width = picture.shape[:2]
    found = pose.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    landmarks = zip(found.pose_landmarks.landmark, found.pose_world_landmarks.landmark)
    rows = [[round(a.x * width, 2), round(a.y * height, 2), round(a.visibility, 4),
             round(b.x * 1000, 1), round(b.y * 1000, 1), round(b.z * 1000, 1)] for a, b in landmarks]
    pictures.append({"camera": camera, "source_index": index, "landmarks": rows})
print('{"columns": ["x_px", "y_px", "visibility", "x_mm", "y_mm", "z_mm"], "pictures": [')
print(",\n".join(json.dumps(picture) for picture in pictures))
print("]}")
