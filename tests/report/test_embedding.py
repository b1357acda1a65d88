import base64
import io

import numpy as np
import soundfile

from paraverbal.report.embedding import drawn, flac_uri
from paraverbal.report.figures import new_figure


def test_a_picture_is_embedded_for_light_and_for_dark_with_its_words():
    found = drawn(lambda palette: new_figure(1, 1, palette), 'a "square"')
    element = found.element("square")
    assert found.light != found.dark
    for data in (found.light, found.dark):
        assert base64.b64encode(data).decode() in element
    assert 'class="square"' in element and "a &#34;square&#34;" in element
    assert f'width="{found.width}"' in element and found.width == round(160 / 1.7)


def test_sound_is_embedded_without_loss_and_clipped_at_full_scale():
    waveform = np.array([0.0, 0.5, -0.25, 1.5], dtype=np.float32)
    kind, _, data = flac_uri(waveform, 16_000).partition(";base64,")
    heard, rate = soundfile.read(io.BytesIO(base64.b64decode(data)))
    assert (kind, rate) == ("data:audio/flac", 16_000)
    assert np.abs(heard - [0, 0.5, -0.25, 1]).max() < 1e-4
