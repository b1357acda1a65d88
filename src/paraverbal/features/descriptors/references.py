"""Works that descriptors rest on, by the short form that entries cite."""

REFERENCES = {
    "Allen 1977": "J. B. Allen, Short term spectral analysis, synthesis, and modification by discrete Fourier transform, "
    "IEEE Trans. ASSP 25(3), 235-238",
    "Atal 1974": "B. S. Atal, Effectiveness of linear prediction characteristics of the speech wave for automatic speaker "
    "identification and verification, J. Acoust. Soc. Am. 55(6), 1304-1312",
    "Atal and Hanauer 1971": "B. S. Atal and S. L. Hanauer, Speech analysis and synthesis by linear prediction of the speech "
    "wave, J. Acoust. Soc. Am. 50, 637-655",
    "Banse and Scherer 1996": "R. Banse and K. R. Scherer, Acoustic profiles in vocal emotion expression, J. Personality and "
    "Social Psychology 70(3), 614-636",
    "Boersma 1993": "P. Boersma, Accurate short-term analysis of the fundamental frequency and the harmonics-to-noise ratio "
    "of a sampled sound, Proc. Institute of Phonetic Sciences Amsterdam 17, 97-110",
    "Brockmann et al. 2008": "M. Brockmann, C. Storck, P. N. Carding and M. J. Drinnan, Voice loudness and gender effects on "
    "jitter and shimmer in healthy adults, J. Speech, Language, and Hearing Research 51(5), 1152-1160",
    "Davis and Mermelstein 1980": "S. B. Davis and P. Mermelstein, Comparison of parametric representations for monosyllabic "
    "word recognition in continuously spoken sentences, IEEE Trans. ASSP 28(4), 357-366",
    "Dellwo 2006": "V. Dellwo, Rhythm and speech rate: a variation coefficient for deltaC, in Language and Language-Processing, "
    "Peter Lang, 231-241",
    "Dellwo et al. 2007": "V. Dellwo, A. Fourcin and E. Abberton, Rhythmical classification of languages based on voice "
    "parameters, Proc. ICPhS, 1129-1132",
    "Eyben et al. 2016": "F. Eyben et al., The Geneva minimalistic acoustic parameter set (GeMAPS) for voice research and "
    "affective computing, IEEE Trans. Affective Computing 7(2), 190-202",
    "Furui 1986": "S. Furui, Speaker-independent isolated word recognition using dynamic features of speech spectrum, IEEE "
    "Trans. ASSP 34(1), 52-59",
    "Gobl and Ní Chasaide 2003": "C. Gobl and A. Ní Chasaide, The role of voice quality in communicating emotion, mood and "
    "attitude, Speech Communication 40, 189-212",
    "Grabe and Low 2002": "E. Grabe and E. L. Low, Durational variability in speech and the rhythm class hypothesis, in "
    "Laboratory Phonology 7, 515-546",
    "Gray and Markel 1974": "A. H. Gray and J. D. Markel, A spectral-flatness measure for studying the autocorrelation method "
    "of linear prediction of speech analysis, IEEE Trans. ASSP 22(3), 207-217",
    "Hammarberg et al. 1980": "B. Hammarberg, B. Fritzell, J. Gauffin, J. Sundberg and L. Wedin, Perceptual and acoustic "
    "correlates of abnormal voice qualities, Acta Oto-Laryngologica 90, 441-451",
    "Hanson 1997": "H. M. Hanson, Glottal characteristics of female speakers: acoustic correlates, J. Acoust. Soc. Am. 101(1), "
    "466-481",
    "Hermansky 1990": "H. Hermansky, Perceptual linear predictive (PLP) analysis of speech, J. Acoust. Soc. Am. 87(4), "
    "1738-1752",
    "de Jong and Wempe 2009": "N. H. de Jong and T. Wempe, Praat script to detect syllable nuclei and measure speech rate "
    "automatically, Behavior Research Methods 41(2), 385-390",
    "Juslin and Laukka 2003": "P. N. Juslin and P. Laukka, Communication of emotions in vocal expression and music "
    "performance: different channels, same code?, Psychological Bulletin 129(5), 770-814",
    "Kamiloğlu et al. 2020": "R. G. Kamiloğlu, A. H. Fischer and D. A. Sauter, Good vibrations: a review of vocal expressions "
    "of positive emotions, Psychonomic Bulletin & Review 27, 237-265",
    "Klatt and Klatt 1990": "D. H. Klatt and L. C. Klatt, Analysis, synthesis, and perception of voice quality variations among "
    "female and male talkers, J. Acoust. Soc. Am. 87(2), 820-857",
    "Makhoul 1975": "J. Makhoul, Linear prediction: a tutorial review, Proc. IEEE 63(4), 561-580",
    "Misra et al. 2004": "H. Misra, S. Ikbal, H. Bourlard and H. Hermansky, Spectral entropy based feature for robust ASR, "
    "Proc. ICASSP, I-193-196",
    "Peeters 2004": "G. Peeters, A large set of audio features for sound description (similarity and classification) in the "
    "CUIDADO project, IRCAM",
    "Rabiner and Schafer 1978": "L. R. Rabiner and R. W. Schafer, Digital processing of speech signals, Prentice-Hall, "
    "chapter 4",
    "Scherer 2003": "K. R. Scherer, Vocal communication of emotion: a review of research paradigms, Speech Communication 40, "
    "227-256",
    "Tartter 1980": "V. C. Tartter, Happy talk: perceptual and acoustic effects of smiling on speech, Perception & "
    "Psychophysics 27, 24-27",
    "'t Hart et al. 1990": "J. 't Hart, R. Collier and A. Cohen, A perceptual study of intonation, Cambridge University Press",
    "Titze and Liang 1993": "I. R. Titze and H. Liang, Comparison of F0 extraction methods for high-precision voice "
    "perturbation measurements, J. Speech and Hearing Research 36, 1120-1133",
    "Traunmüller and Eriksson 2000": "H. Traunmüller and A. Eriksson, Acoustic effects of variation in vocal effort by men, "
    "women, and children, J. Acoust. Soc. Am. 107(6), 3438-3451",
    "Young et al. 2006": "S. Young et al., The HTK Book, Cambridge University Engineering Department",
}
