"""A recipe that trains in a second."""

# A cnn-lstm that trains in a second.
TINY = (
    "audio.sampling_rate=16000",
    "audio.seconds=1.0",
    "audio.hop_seconds=1.0",
    "frontend.fft_size=512",
    "frontend.hop_length=256",
    "frontend.bands=24",
    "model.channels=[4, 8]",
    "model.lstm_units=8",
    "model.hidden_units=8",
    "augment.copies=1",
    "training.batch_size=8",
    "training.epochs=2",
)
