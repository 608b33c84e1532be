"""What a file really is and whether it may come in: one chapter per family of formats.

Every chapter reads a seekable binary stream, raises `BadInput` with a code of portal.uploads.files and
never trusts the claimed name or type. It answers "nothing known to be active was found", which is
less than "free of malware".
"""
