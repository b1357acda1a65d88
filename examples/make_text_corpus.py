"""Make a synthetic corpus in which the words tell half of the emotions and the voice the other half.

    python examples/make_text_corpus.py OUT [--speakers 12] [--repeats 4] [--seed 0]

Anger, happiness and sadness are spoken in the manners of `make_corpus.py`, over words that any of them would fit. Calm, disgust
and surprise are all spoken in the manner of neutral speech; which of them it is only the words say. So whoever hears the
voice alone knows three emotions and must guess among the others, four of six right; so does whoever reads the words alone; both
together can tell all six. The voice is one of vowels and does not speak the words: they are a transcript beside it.

OUT gets a folder per emotion (`anger/s1_01.flac`, 16 kHz, mono) and `clips.csv` with file, emotion, speaker, sex and
transcript. The same arguments make the same files.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import soundfile

from make_corpus import MANNERS, SAMPLING_RATE, make_voice, speak

# Emotions that the voice tells; their words are of NEUTRAL_WORDS.
BY_VOICE = ("anger", "happiness", "sadness")
MANNER_OF_WORDS = "neutral"
NEUTRAL_WORDS = (
    "The {thing} is on the {place}",
    "They have put the {thing} near the {place}",
    "There is a {thing} beside the {place}",
    "Somebody left the {thing} by the {place}",
)
# Emotions that the words tell.
BY_WORDS = {
    "calm": (
        "We have all the time we need to look at the {thing}",
        "Let us sit down by the {place} and rest for a while",
        "It is quiet at the {place} and nothing needs to be done",
        "Take your time, the {thing} can wait until tomorrow",
    ),
    "disgust": (
        "This {thing} smells rotten and it makes me sick",
        "There is something slimy on the {place}, take it away",
        "I cannot touch the {thing}, it is filthy",
        "The {place} is covered with mould, how revolting",
    ),
    "surprise": (
        "I never expected to find a {thing} here",
        "Oh, where did this {thing} suddenly come from",
        "Nobody told me that there would be a {thing} on the {place}",
        "What, the {thing} has vanished from the {place}",
    ),
}
THINGS = ("bag", "book", "box", "cup", "hat", "key", "lamp", "letter", "plate", "shoe", "spoon", "watch")
PLACES = ("bed", "bench", "chair", "door", "floor", "shelf", "sofa", "stairs", "table", "window")


def make_text_corpus(folder: str | Path, speakers: int = 12, repeats: int = 4, seed: int = 0) -> Path:
    """Write the corpus: `speakers` x `repeats` clips of each of six emotions, 1 to 3 s long, and return its folder."""
    root = Path(folder)
    rows = []
    for emotion_index, emotion in enumerate((*BY_VOICE, *BY_WORDS)):
        (root / emotion).mkdir(parents=True, exist_ok=True)
        for number in range(1, speakers + 1):
            voice = make_voice(number, seed)
            for repeat in range(1, repeats + 1):
                generator = np.random.default_rng([seed, number, emotion_index, repeat])
                file = f"{emotion}/{voice.name}_{repeat:02d}.flac"
                manner = MANNERS[emotion if emotion in BY_VOICE else MANNER_OF_WORDS]
                soundfile.write(root / file, speak(voice, manner, generator), SAMPLING_RATE, subtype="PCM_16")
                row = {"file": file, "emotion": emotion, "speaker": voice.name, "sex": voice.sex}
                rows.append({**row, "transcript": say(emotion, generator)})
    with (root / "clips.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.DictWriter(table, ["file", "emotion", "speaker", "sex", "transcript"])
        writer.writeheader()
        writer.writerows(rows)
    return root


def say(emotion: str, generator: np.random.Generator) -> str:
    """Return the words of a clip: those of an emotion that words tell, or words that fit any."""
    sentence = str(generator.choice(BY_WORDS.get(emotion, NEUTRAL_WORDS)))
    return sentence.format(thing=generator.choice(THINGS), place=generator.choice(PLACES))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a synthetic corpus that needs both words and voice.")
    parser.add_argument("out", type=Path, help="folder to write into")
    parser.add_argument("--speakers", type=int, default=12, help="made-up speakers (default 12)")
    parser.add_argument("--repeats", type=int, default=4, help="clips of each speaker and emotion (default 4)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds make other speakers and clips (default 0)")
    options = parser.parse_args()
    folder = make_text_corpus(options.out, options.speakers, options.repeats, options.seed)
    print(f"{folder}: {options.speakers * options.repeats * (len(BY_VOICE) + len(BY_WORDS))} clips")


if __name__ == "__main__":
    main()
