import sys

from . import write

write(" ".join(sys.argv[1:]) or sys.exit("say why the engine changed"))
