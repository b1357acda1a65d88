"""What is said in recordings, as the options of `predict` give it: one text, a file of transcripts, or made ones."""

from collections.abc import Sequence
from pathlib import Path

from paraverbal.errors import AudioError, ParaverbalError


def texts_for(
    files: Sequence[str], text: str | None, transcripts: Path | None, transcribe: Path | None
) -> str | dict[str, str] | None:
    """Return the text of one recording, or file -> text; None where no option was given.

    Raises:
        ParaverbalError: More than one of the options was given, or they do not fit the recordings.
    """
    options = {"--text": text, "--transcripts": transcripts, "--transcribe": transcribe}
    given = [option for option, value in options.items() if value is not None]
    if len(given) > 1:
        raise ParaverbalError(f"{' and '.join(given)} were given; give one of them")
    if transcripts is not None:
        from paraverbal.inference.transcripts import read_transcripts

        return read_transcripts(transcripts, files)
    if transcribe is not None:
        return _transcribed(files, transcribe)
    if text is not None and len(files) > 1:
        raise ParaverbalError(f"--text is of one recording, there are {len(files)}; give --transcripts FILE")
    return text


def _transcribed(files: Sequence[str], folder: Path) -> dict[str, str]:
    from paraverbal.audio.read import read
    from paraverbal.inference.predict import processors
    from paraverbal.text.asr import Transcriber

    transcriber = Transcriber(folder, threads=processors())
    texts = {}
    for file in files:
        try:
            texts[file] = transcriber(*read(file))
        except AudioError:
            continue  # it fails again, and is told, when it is to be judged
    return texts
