"""Which attributes are sensitive, by their names in English and in Chinese."""

from __future__ import annotations

import re

from features.suggest import fold

WORDS = frozenset(
    "gender sex age aged birth birthday birthdate dob senior marital married marriage "
    "partner spouse divorced income salary wage wages race ethnicity religion "
    "disability".split()
)
"""A name with one of these words in it is sensitive."""

WHOLE = frozenset(
    "agegroup ageband agerange dateofbirth birthyear yearofbirth yob seniorcitizen "
    "maritalstatus civilstatus haspartner incomecategory incomeband incomegroup "
    "householdincome annualincome estimatedsalary customerage over60 over65 under30 "
    "ismale isfemale male female".split()
)
"""The same where a name is written as one word, folded."""

CHINESE = (
    "性别", "年龄", "出生", "生日", "婚姻", "婚否", "已婚", "配偶", "伴侣",
    "收入", "工资", "薪资", "薪水", "月薪", "年薪", "民族", "种族", "宗教", "残疾",
    "老年", "高龄",
)  # fmt: skip
"""Signs of it in a Chinese name."""

PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def is_sensitive(name: str) -> bool:
    """Tell whether a column is of sex, age, marriage, income and the like.

    Examples
    --------
    >>> [is_sensitive(n) for n in ("SeniorCitizen", "Customer_Age", "客户性别")]
    [True, True, True]
    >>> [is_sensitive(n) for n in ("usage", "PackageType", "MonthlyCharges")]
    [False, False, False]
    """
    words = {piece.lower() for piece in PIECE.findall(name)}
    is_named = bool(words & WORDS) or fold(name) in WHOLE | WORDS
    return is_named or any(sign in name for sign in CHINESE)
