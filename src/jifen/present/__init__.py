"""How it is said: sentences, rendered values, and the message catalogues that they are made from.

`api`, `cli`, `jobs`, `document` and `insight` say things to people; this room has the words. It imports the domain only.
"""
