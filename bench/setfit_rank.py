"""Fine-tune a sentence-transformers model with SetFit on a few texts a class and score others; run by SetFit's own Python.

Usage: SETFIT_PYTHON bench/setfit_rank.py FOLDER MODEL, where FOLDER holds train.jsonl ({text, label} a line) and
texts.jsonl ({text} a line), and MODEL is a folder or a name of the hub. SetFit is a method for few labels: it learns from ``PER_CLASS``
texts of each class, drawn at random, ``PAIRS`` pairs of each sort a text (fewer than SetFit's default, for time). Prints one line of JSON: {classes, scores (n texts x n classes)}.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from datasets import Dataset, load_dataset
from setfit import SetFitModel, Trainer, TrainingArguments, sample_dataset

PER_CLASS = 8
PAIRS = 5  # pairs of each sort that a text is put in
LONGEST = 128  # pieces of words


def main() -> None:
    folder = Path(sys.argv[1])
    files = {"train": str(folder / "train.jsonl"), "test": str(folder / "texts.jsonl")}
    train: Dataset = load_dataset("json", data_files=files["train"], split="train")
    test: Dataset = load_dataset("json", data_files=files["test"], split="train")
    few = sample_dataset(train, label_column="label", num_samples=PER_CLASS, seed=0)
    model = SetFitModel.from_pretrained(sys.argv[2], labels=sorted(set(train["label"])))
    model.model_body.max_seq_length = LONGEST
    with tempfile.TemporaryDirectory() as kept:
        told = TrainingArguments(
            output_dir=kept, num_iterations=PAIRS, batch_size=16, seed=0, save_strategy="no", report_to="none"
        )
        Trainer(model=model, args=told, train_dataset=few).train()
    scores = model.predict_proba(list(test["text"]), as_numpy=True)
    classes = [str(c) for c in model.model_head.classes_]
    print(json.dumps({"classes": classes, "scores": scores.tolist()}))


if __name__ == "__main__":
    main()
