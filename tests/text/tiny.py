"""What the tests of text share: small vocabularies, and Chinese sentences of everyday, law and medicine written for them."""

from functools import cache

from paraverbal.text import train_tokenizer

UNAFFABLE = {"[CLS]": 0, "[SEP]": 1, "un": 2, "##aff": 3, "##able": 4, "[UNK]": 5}

ENGLISH = [
    "Kids are talking by the door.",
    "Dogs are sitting by the door.",
    "The cat sat on the mat, and the dog sat by the cat.",
    "She was talking about the weather all the way home.",
] * 5

LAW = [
    "原告向人民法院提起诉讼，要求被告承担违约责任。",
    "被告不服一审判决，向中级人民法院提起上诉。",
    "人民法院依法驳回原告的诉讼请求，诉讼费由原告承担。",
    "双方当事人在人民法院的主持下达成调解协议。",
    "被告逾期不履行判决，原告可以申请强制执行。",
]
MEDICINE = [
    "患者因冠状动脉粥样硬化入院，既往有高血压病史。",
    "医生建议患者复查心电图，并继续服用阿司匹林。",
    "高血压患者应当定期测量血压，避免情绪激动。",
    "心电图提示心肌缺血，需要进一步做冠状动脉造影。",
]
TERMS = ["人民法院", "违约责任", "强制执行", "诉讼请求", "冠状动脉", "粥样硬化", "心电图", "高血压"]


@cache
def trained(kind, size=400):
    return train_tokenizer(ENGLISH, kind, size)
