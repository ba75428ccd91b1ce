"""Writes speech.wav: two spoken sentences with silence before, between and after. 16 kHz, mono, 16 bit.

    apt-get install espeak-ng            # Debian's package speaks the sentences
    pip install -r requirements.txt
    python make-speech.py

Prints where each sentence starts and ends, in seconds. The faint noise in the pauses is seeded.
"""

import io
import pathlib
import subprocess
import wave

import numpy as np
from scipy.signal import resample_poly

HERE = pathlib.Path(__file__).parent
RATE = 16000
VOICE = ["espeak-ng", "-v", "en-us", "-s", "165", "--stdout"]
SENTENCES = ["The server is ready.", "Please send a request."]
PAUSES = [0.6, 0.9, 0.5]  # seconds of silence before, between and after
NOISE = 0.0005  # standard deviation, full scale 1


def speak(text):
    """Returns the sentence at 16 kHz without the silence that the voice puts around it."""
    spoken = subprocess.run([*VOICE, text], check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(spoken)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
    samples = resample_poly(samples, RATE, rate)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return 0.6 * samples[loud[0] : loud[-1] + 1] / np.abs(samples).max()


def main():
    parts, at = [np.zeros(int(PAUSES[0] * RATE))], PAUSES[0]
    for text, pause in zip(SENTENCES, PAUSES[1:]):
        speech = speak(text)
        print(f"{at:.2f} s to {at + len(speech) / RATE:.2f} s: {text}")
        parts += [speech, np.zeros(int(pause * RATE))]
        at += len(speech) / RATE + pause
    sound = np.concatenate(parts)
    sound += np.random.default_rng(1).normal(0, NOISE, len(sound))
    with wave.open(str(HERE / "speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(sound * 32767).astype("<i2").tobytes())
    print(f"speech.wav: {len(sound) / RATE:.2f} s")


if __name__ == "__main__":
    main()
