"""The money of the world and its smallest unit: how many decimals each has by ISO 4217.

Amounts are whole numbers of the smallest unit, and the books can never be moved to another: so a document says the number that
the standard says, or is refused. Metals, test codes and the like have no smallest unit, and are no money of a shop.

Source
    ISO 4217, list one of current currencies and funds, as published on 2026-01-01 by its maintenance agency. Data and not a
    package: two facts a code, changed about once a year, and asked when a document comes in. Decision 0095.
"""

from __future__ import annotations

_CODES = {
    0: """
        BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
    """,
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
        CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
        GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
        LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
        PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
        SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
        ZWG
    """,
    3: """
        BHD IQD JOD KWD LYD OMR TND
    """,
    4: """
        CLF UYW
    """,
}

DECIMALS = {code: decimals for decimals, codes in _CODES.items() for code in codes.split()}
"""By code, such as CNY, how many decimals its smallest unit has: CNY 2, JPY 0, KWD 3."""
