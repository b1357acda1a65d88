"""The literature of `concepts.md`."""

REFERENCES = (
    "Y. R. Chao: A system of tone letters. Le Maître Phonétique 45, 24-27, 1930",
    "H. Fletcher, W. A. Munson: Loudness, its definition, measurement and calculation. Journal of the Acoustical Society "
    "of America 5, 82-108, 1933",
    "G. Fant: Acoustic theory of speech production. Mouton 1960",
    "B. R. Glasberg, B. C. J. Moore: Derivation of auditory filter shapes from notched-noise data. Hearing Research 47, "
    "103-138, 1990",
    "F. J. Harris: On the use of windows for harmonic analysis with the discrete Fourier transform. Proceedings of the "
    "IEEE 66, 51-83, 1978",
    "D. H. Klatt: Software for a cascade/parallel formant synthesizer. Journal of the Acoustical Society of America 67, "
    "971-995, 1980",
    "W. Koenig, H. K. Dunn, L. Y. Lacy: The sound spectrograph. Journal of the Acoustical Society of America 18, 19-49, 1946",
    "G. E. Peterson, H. L. Barney: Control methods used in a study of the vowels. Journal of the Acoustical Society of "
    "America 24, 175-184, 1952",
    "C. E. Shannon: Communication in the presence of noise. Proceedings of the IRE 37, 10-21, 1949",
    "M. Slaney: Auditory Toolbox, version 2. Interval Research Corporation, Technical Report 1998-010",
    "S. S. Stevens, J. Volkmann, E. B. Newman: A scale for the measurement of the psychological magnitude pitch. Journal "
    "of the Acoustical Society of America 8, 185-190, 1937",
    "S. Young and others: The HTK book, version 3.4. Cambridge University 2006",
)
