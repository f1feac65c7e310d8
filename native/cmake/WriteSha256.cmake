# Writes the SHA-256 of INPUT, in hex, to OUTPUT.
file(SHA256 ${INPUT} sum)
file(WRITE ${OUTPUT} "${sum}\n")
