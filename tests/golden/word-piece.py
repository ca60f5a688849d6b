"""Token ids for tests/lib/nn/blip/word-piece.test.ts, as ImageReward makes them:
`python3 tests/golden/word-piece.py > tests/golden/word-piece.json` with transformers 4.27.4 (BertTokenizer, Python 3.11).

The vocabulary is made up here; it has the form of bert-base-uncased's `vocab.txt`.
"""

import json
import string
import sys
import tempfile

from transformers import BertTokenizer

words = """the of an image a in and is photo picture gray grayscale hand written handwritten digit remote sensing area
lymph node normal face female male crop river sea or lake high way forest un affable run ##ning ##s ##ed ##able
##aff ##scale ##written ##way ##ing ##n ##er low ##est new wide ##t shirt ankle boot pull ##over cafe naive facade
uber strasse resume ##e ##sume zero one two 10 20 ##0 ##1 ##2 3 . , ! ? - ' " ( ) [ ] / _ : ; & % $ # @ + = < > ` ~ ^
{ } \\ | * 中 国 人 日 本 語 ##本 の ##の は 한 국 ᄒ ##ᅡ ##ᆫ α β ##γ σ ##ς ω и й ##и ß ##ß æ œ ø ı i ##̇ ö … — “ ” ’ 。 、 « » € ™
½ ² ﬁ ##ﬁ 😀 ##😀 ​ ##a ##b ##c a b c d e f g h i j k l m n o p q r s t u v w x y z""".split()
special = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
vocabulary = list(dict.fromkeys(special + words + list(string.digits)))

texts = [
    "",
    " ",
    "An image of a cat",
    "An image of an airplane",
    "A grayscale image of a handwritten digit 0",
    "an image of hand-written 9",
    "A remote sensing image of a sea or lake area",
    "A remote sensing image of a herbaceous veg. area",
    "THE RIVER AREA",
    "UNaffable running",
    "unaffableness",
    "lowest newer widest",
    "T-shirt/top",
    "Ankle boot",
    "aquarium_fish",
    "lawn-mower",
    "café naïve façade Über Straße résumé",
    "cafe\u0301 nai\u0308ve",
    "ÀÁÂÃÄÅ",
    "İstanbul İ ı I",
    "ΑΒΓ ΣΑΣ ΟΔΟΣ Ω",
    "ИЙ й",
    "中国人",
    "日本語の本",
    "日本は一",
    "a中b",
    "한국",
    "\u1112\u1161\u11ab",
    "ß ẞ SS",
    "æ Œ ø Ø",
    "ﬁ ﬁne",
    "½ ² 10² ½a",
    "€5 $5 50% #1 @home",
    "“quoted” ‘single’ ’s",
    "an image of “the lake”",
    "… — –",
    "«face»",
    "日。本、",
    "don't can't won't",
    "(a)[b]{c}<d>",
    "a.b,c;d:e!f?g",
    "...",
    "a+b=c",
    "x^2 ~ y `z` |w| \\ *",
    "under_score __init__",
    "tab\tnew\nline\rreturn",
    "  many   spaces  ",
    "no\u00a0break\u2003em\u3000wide",
    "line\u2028separator\u2029paragraph",
    "vertical\u000btab\u000cfeed",
    "nul\u0000inside",
    "bell\u0007inside \u0085 next",
    "zero\u200bwidth soft\u00adhyphen",
    "bom\ufeff inside",
    "replace\ufffdment",
    "private\ue000use",
    "😀 an image 😀😀",
    "a😀b",
    "👩‍🔬 in the lake",
    "𠀀 𪜀 𫝀 𫠠 丽",
    "〇 々 ー",
    "カタカナ ひらがな",
    "ａｂｃ ＡＢＣ １２",
    "Ⅷ ⅷ ℃ ™",
    "a" * 99,
    "a" * 100,
    "a" * 101,
    "é" * 100 + " a",
    "e\u0301" * 60 + " a",
    "😀" * 60 + " a",
    "😀" * 101 + " a",
    "digit " * 33,
    "digit " * 34,
    "digit " * 50,
    "running " * 17,
    "running " * 16 + "a b c",
    "0123456789",
    "10 20 30 101 2001",
    "3.14159",
    "zero one two three",
    "[CLS] image [SEP]",
    "[MASK] of [PAD] and [UNK]",
    "a[SEP]b",
    "[cls] [Mask]",
    "[DEC] image [ENC]",
    "[ENC]an image",
    "[unused0]",
    "[ SEP ]",
    "[[CLS]]",
    "##s ##ing",
    "a##b",
    "\u0301",
    "\u0301\u0302 a",
    "a \u0301 b",
    "q\u0301\u0327",
    "\u05d0\u05b7 א",
    "مرحبا",
    "हिन्दी",
    "ไทย",
    "ᄒ",
    "\u212b \u00c5 A\u030a",
    "Ǆ ǅ ǆ",
    "handwrittenhandwritten",
    "highway high-way HIGHWAY",
    "forests, rivers; lakes: seas.",
    "An image of a female face",
    "A normal lymph node image",
    "tokenıse",
    "\u180e mongolian",
    "a\u2060b\u2062c",
    "a\u034fb",
    "¿qué?",
    "§ ¶ ¤ ¦ ¨ ´ ¸",
    "a·b ‧ ・",
    "١٢٣",
]

with tempfile.TemporaryDirectory() as folder:
    with open(f"{folder}/vocab.txt", "w", encoding="utf-8") as file:
        file.write("\n".join(vocabulary) + "\n")
    tokenizer = BertTokenizer.from_pretrained(folder)
# What init_tokenizer of ImageReward's models/BLIP/blip.py adds.
tokenizer.add_special_tokens({"bos_token": "[DEC]"})
tokenizer.add_special_tokens({"additional_special_tokens": ["[ENC]"]})


def encoded(text):
    tokens = tokenizer(text, padding="max_length", truncation=True, max_length=35)
    return {"text": text, "ids": tokens["input_ids"], "real": sum(tokens["attention_mask"])}


json.dump({"vocabulary": vocabulary, "texts": [encoded(text) for text in texts]}, sys.stdout, separators=(",", ":"))
print()
