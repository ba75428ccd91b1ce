"""How good the detector is: mean average precision at IoU 0.5 (AP50), and precision and recall at the default thresholds."""

import numpy as np
import onnxruntime

import scenes

SCORE, IOU = 0.5, 0.5  # the servable's defaults


def iou(box, boxes):
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    shared = np.maximum(high - low, 0).prod(-1)
    return shared / ((box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(-1) - shared)


def detections(objectness, classes, boxes, stride, least):
    """Labels, boxes and scores of one picture, the best first, none over another one by more than IOU."""
    rows, columns = objectness.shape[1:]
    y, x = np.mgrid[0:rows, 0:columns]
    centre = (np.stack([x, y]) + 0.5) * stride + boxes[:2]
    corners = np.concatenate([centre - boxes[2:] / 2, centre + boxes[2:] / 2]).reshape(4, -1).T
    labels = classes.argmax(0).reshape(-1)
    scores = (objectness[0] * classes.max(0)).reshape(-1)
    order = [i for i in np.argsort(-scores, kind="stable") if scores[i] >= least]
    kept = []
    for i in order:
        if not kept or iou(corners[i], corners[kept]).max() <= IOU:
            kept.append(i)
    return labels[kept], corners[kept], scores[kept]


def matched(found, truth):
    """For each detection, the best first, whether it is a digit of its label that no better one has claimed."""
    free = np.ones(len(truth[0]), bool)
    right = []
    for label, box in zip(*found[:2], strict=True):
        fits = np.where(free & (truth[0] == label), iou(box, truth[1]), 0) if len(free) else np.zeros(1)
        best = int(fits.argmax())
        right.append(fits[best] >= 0.5)
        if right[-1]:
            free[best] = False
    return right


def average_precision(scores, right, count):
    order = np.argsort(-np.asarray(scores), kind="stable")
    hits = np.cumsum(np.asarray(right)[order])
    precision = hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((envelope * np.diff(hits, prepend=0)).sum() / count)


def report(path, measured, stride):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rows, count = [], np.zeros(scenes.CLASSES, int)
    for pixels, labels, boxes in measured:
        outputs = session.run(None, {"image": pixels[None, None].astype(np.float32) / 255})
        found = detections(*(output[0] for output in outputs), stride, 0.01)
        rows += zip(found[0], found[2], matched(found, (labels, boxes)), strict=True)
        count += np.bincount(labels, minlength=scenes.CLASSES)
    label, score, right = (np.array(values) for values in zip(*rows, strict=True))
    precisions = [average_precision(score[label == d], right[label == d], count[d]) for d in range(scenes.CLASSES)]
    kept = score >= SCORE
    return (
        f"{len(measured)} scenes, {count.sum()} digits: AP50 {np.mean(precisions):.4f}, "
        f"precision {right[kept].mean():.4f}, recall {right[kept].sum() / count.sum():.4f}"
    )
