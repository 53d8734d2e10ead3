"""The cellar: pure helpers without models or Django, open to every room. The list is closed.

canonical  one JSON text for one value, for hashing
confined   work on uploaded files in a child process with little memory and time
dates      months and years of the calendar
digest     SHA-256, and Merkle trees with separated domains
disclosure which groups of a table may be told without telling of a single firm
env        settings from the environment, with messages that teach
money      amounts as people type them, as they are stored (yuan) and shown (万元); exact splitting
problems   a broken rule, told kindly
uscc       unified social credit codes 统一社会信用代码
workdays   working days by the official Chinese calendar 调休
"""
